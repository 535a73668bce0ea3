package io.pgflow.internal.schedule;

import io.pgflow.internal.store.DueSchedule;
import io.pgflow.internal.store.ScheduleTurn;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides which ticks of a due schedule start a run: all that have just come, and of those that nobody was there for as many as the schedule
 * says.
 */
public final class Turns {

    /** A tick that is older was missed: a process that is there asks every second or so. */
    static final Duration MISSED_AFTER = Duration.ofMinutes(1);

    private Turns() {}

    /**
     * By the clock that the schedule was read with.
     *
     * @throws IllegalArgumentException when the schedule has no ticks
     */
    public static ScheduleTurn of(DueSchedule due) {
        TickTimes times = times(due);
        Instant now = due.askedAt();
        Instant freshSince = later(due.decidedUntil(), now.minus(MISSED_AFTER));
        Optional<Instant> first = times.after(due.decidedUntil());
        List<Instant> fresh = times.between(freshSince, now, Integer.MAX_VALUE);
        boolean missed = first.isPresent() && !first.get().isAfter(freshSince);
        var ticks = new ArrayList<Instant>();
        if (missed) {
            ticks.addAll(times.newest(due.decidedUntil(), freshSince, caughtUp(due, fresh)));
        }
        boolean allRun = !missed || first.equals(ticks.stream().findFirst());
        ticks.addAll(fresh);
        return new ScheduleTurn(
                due.scheduleId(), due.decidedUntil(), now, times.after(now), allRun ? Optional.empty() : first, ticks);
    }

    /** What a schedule says, as times. */
    public static TickTimes times(DueSchedule due) {
        String cron = due.cron();
        return cron != null
                ? TickTimes.cron(cron, due.zone())
                : TickTimes.every(due.firstAt(), Duration.ofSeconds(due.everySeconds()));
    }

    /** How many of the missed ticks run. Once means once in all: what has just come counts. */
    private static int caughtUp(DueSchedule due, List<Instant> fresh) {
        return switch (due.catchUp()) {
            case "skip" -> 0;
            case "once" -> fresh.isEmpty() ? 1 : 0;
            default -> due.catchUpLimit();
        };
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }
}
