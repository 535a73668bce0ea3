package io.pgflow.internal.schedule;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** A tick each period; time zones and summer time have no part in it. */
record PeriodicTicks(Instant first, Duration period) implements TickTimes {

    private static final Duration LONGEST = Duration.ofDays(366);

    PeriodicTicks {
        if (!period.equals(Duration.ofSeconds(period.toSeconds()))
                || period.toSeconds() < 1
                || period.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "the period " + period + " is not between 1 second and 366 days, in whole seconds");
        }
    }

    @Override
    public Optional<Instant> after(Instant moment) {
        if (moment.isBefore(first)) {
            return Optional.of(first);
        }
        long passed = Duration.between(first, moment).toSeconds() / period.toSeconds();
        return Optional.of(first.plus(period.multipliedBy(passed + 1)));
    }
}
