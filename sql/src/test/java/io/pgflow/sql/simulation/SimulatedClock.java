package io.pgflow.sql.simulation;

import java.time.Instant;

/** The only time there is: milliseconds since the beginning, moved by the simulation and told to the database. */
final class SimulatedClock {
    private static final Instant BEGINNING = Instant.parse("2030-01-01T00:00:00Z");
    private long now;

    long now() {
        return now;
    }

    void pass(long millis) {
        now += millis;
    }

    void passUntil(long moment) {
        now = Math.max(now, moment);
    }

    Instant instant() {
        return BEGINNING.plusMillis(now);
    }
}
