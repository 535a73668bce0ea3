package io.pgflow.internal.schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The moments at which a schedule ticks. */
public interface TickTimes {

    /** The first tick after a moment; empty when none comes. */
    Optional<Instant> after(Instant moment);

    /**
     * Ticks of a cron expression of five fields, by the clock on the wall of a time zone.
     *
     * @throws IllegalArgumentException when one of them is not valid; says which field
     */
    static TickTimes cron(String expression, String zone) {
        return new CronTicks(expression, zone);
    }

    /**
     * A tick each period, the first one at {@code first}.
     *
     * @throws IllegalArgumentException when the period is not valid
     */
    static TickTimes every(Instant first, Duration period) {
        return new PeriodicTicks(first, period);
    }

    /** Ticks after {@code from} up to and including {@code to}, the oldest {@code most} of them. */
    default List<Instant> between(Instant from, Instant to, int most) {
        var ticks = new ArrayList<Instant>();
        Optional<Instant> tick = after(from);
        while (ticks.size() < most && tick.isPresent() && !tick.get().isAfter(to)) {
            ticks.add(tick.get());
            tick = after(tick.get());
        }
        return ticks;
    }

    /**
     * Ticks after {@code from} up to and including {@code to}, the newest {@code most} of them, oldest first. However long that time is,
     * hardly more ticks are computed than are wanted.
     */
    default List<Instant> newest(Instant from, Instant to, int most) {
        Duration window = Duration.ofHours(1);
        while (true) {
            Instant start = window.compareTo(Duration.between(from, to)) >= 0 ? from : to.minus(window);
            List<Instant> ticks = between(start, to, Integer.MAX_VALUE);
            if (ticks.size() >= most || start.equals(from)) {
                return ticks.subList(Math.max(0, ticks.size() - most), ticks.size());
            }
            window = window.multipliedBy(8);
        }
    }
}
