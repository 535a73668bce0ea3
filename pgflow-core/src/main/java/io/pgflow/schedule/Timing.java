package io.pgflow.schedule;

import io.pgflow.internal.schedule.TickTimes;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/** When does a schedule tick? */
public sealed interface Timing {

    /** How many ticks can be asked for at once. */
    int MOST_TICKS = 10_000;

    /**
     * By the clock on the wall of a time zone.
     *
     * <p>The expression has five fields: minute, hour, day of month, month, day of week. A field is {@code *}, a number, a range
     * ({@code 1-5}), a list ({@code 1,15}) or steps ({@code *}{@code /5}, {@code 10-30/5}); months and days of the week have names, too ({@code JAN},
     * {@code MON}; 0 and 7 are Sunday). With both a day of month and a day of week it ticks on either.
     *
     * <p>When the clock is put forward, a time that is left out ticks at the moment when it is put forward. When it is put back, a time
     * that comes twice ticks the first time. Only an expression for every hour (the hour begins with {@code *}) goes by the time that passes, and ticks
     * in both.
     *
     * @param expression at most 200 characters
     * @param zone its name, such as {@code Europe/Berlin}
     */
    record Cron(String expression, String zone) implements Timing {}

    /**
     * Each period, for the first time a period after the schedule was defined or changed. Summer time has no part in it.
     *
     * @param period 1 second to 366 days, whole seconds
     * @param first the first tick, for a schedule that is defined; not to be given
     */
    record Every(Duration period, Optional<Instant> first) implements Timing {}

    /**
     * By the clock on the wall of a time zone; see {@link Cron}.
     *
     * @throws ScheduleRefusedException {@code PGF-RUN-042} for an expression that is not valid; says which field
     */
    static Timing cron(String expression, ZoneId zone) {
        return checked(new Cron(expression, zone.getId()));
    }

    /**
     * Each period; see {@link Every}.
     *
     * @throws ScheduleRefusedException {@code PGF-RUN-042} for a period out of its range
     */
    static Timing every(Duration period) {
        return checked(new Every(period, Optional.empty()));
    }

    /**
     * The next ticks after a moment, at most 10,000.
     *
     * @throws ScheduleRefusedException {@code PGF-RUN-042} when this is not valid: somebody may have stored it by SQL
     */
    default List<Instant> next(Instant after, int count) {
        try {
            return List.copyOf(times(this, after).between(after, Instant.MAX, Math.min(count, MOST_TICKS)));
        } catch (IllegalArgumentException e) {
            throw ScheduleRefusedException.badTiming(String.valueOf(e.getMessage()));
        }
    }

    private static TickTimes times(Timing timing, Instant after) {
        return timing instanceof Every every
                ? TickTimes.every(every.first().orElse(after.plus(every.period())), every.period())
                : TickTimes.cron(((Cron) timing).expression(), ((Cron) timing).zone());
    }

    private static Timing checked(Timing timing) {
        var unused = timing.next(Instant.EPOCH, 1);
        return timing;
    }
}
