package io.pgflow.testkit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** What time it is for the engine. It stands until a test moves it, and each session is told of it before it asks anything. */
final class StandingClock {

    private static final String TELL = "select pg_catalog.set_config('pgflow.clock_at', ?, false)";

    private volatile Instant now;

    StandingClock(Instant start) {
        now = toMicros(start);
    }

    Instant now() {
        return now;
    }

    /** What time it is when so much has passed. */
    Instant after(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("the clock goes forwards only, not by " + time);
        }
        return toMicros(now.plus(time));
    }

    void set(Instant then) {
        now = then;
    }

    /** From now on the session sees that time. */
    static void tell(Connection connection, Instant time) throws SQLException {
        tell(connection, time.toString());
    }

    /** From now on the session sees the time of the server. */
    static void forget(Connection connection) throws SQLException {
        tell(connection, "");
    }

    private static void tell(Connection connection, String time) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(TELL)) {
            statement.setString(1, time);
            statement.execute();
        }
    }

    /** What PostgreSQL can tell apart. */
    private static Instant toMicros(Instant time) {
        return time.truncatedTo(ChronoUnit.MICROS);
    }
}
