package io.pgflow.notify;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs statements on borrowed connections: one transaction a call, a deadline for each, the connection given back as it was. */
final class Calls {
    private static final Logger log = LoggerFactory.getLogger(Calls.class);

    private final DataSource source;
    private final int withinMillis;

    Calls(DataSource source, Duration within) {
        this.source = source;
        this.withinMillis = (int) within.toMillis();
    }

    /** What is done on the connection. */
    @FunctionalInterface
    interface Work<T> {
        T on(Connection connection) throws SQLException;
    }

    <T> T call(String what, Work<T> work) {
        try (Connection connection = source.getConnection()) {
            int before = limit(connection);
            try {
                return inTransaction(connection, work);
            } finally {
                unlimit(connection, before);
            }
        } catch (SQLException e) {
            throw failure(what, e);
        }
    }

    /** The same on a connection of the caller, whose transaction and deadlines are the caller's. */
    static <T> T callOn(Connection connection, String what, Work<T> work) {
        try {
            return work.on(connection);
        } catch (SQLException e) {
            throw failure(what, e);
        }
    }

    private static <T> T inTransaction(Connection connection, Work<T> work) throws SQLException {
        if (connection.getAutoCommit()) {
            // Each work is one statement, hence one transaction, and costs one round trip.
            return work.on(connection);
        }
        try {
            T result = work.on(connection);
            connection.commit();
            return result;
        } catch (SQLException | RuntimeException e) {
            rollback(connection);
            throw e;
        }
    }

    private static void rollback(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            log.debug("Could not roll back", e);
        }
    }

    /** A socket deadline: unlike a query timeout it also ends the wait on a link that nobody answers. */
    private int limit(Connection connection) throws SQLException {
        try {
            int before = connection.getNetworkTimeout();
            if (before == 0 || before > withinMillis) {
                connection.setNetworkTimeout(Runnable::run, withinMillis);
            }
            return before;
        } catch (SQLFeatureNotSupportedException e) {
            log.debug("The driver knows no network timeout", e);
            return withinMillis;
        }
    }

    /** Not every pool does it; a broken connection cannot and need not. */
    private void unlimit(Connection connection, int before) {
        try {
            if ((before == 0 || before > withinMillis) && !connection.isClosed()) {
                connection.setNetworkTimeout(Runnable::run, before);
            }
        } catch (SQLException e) {
            log.debug("Could not restore the network timeout", e);
        }
    }

    private static NotificationException failure(String what, SQLException e) {
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        return switch (state) {
            case "42P01" ->
                new NotificationException(
                        "PGF-NTF-009", what + " failed: the queue does not exist; create it with createQueue", e);
            case "22P02", "22P05" ->
                new NotificationException(
                        "PGF-NTF-010",
                        what + " failed: the text is not JSON that PostgreSQL can store; " + e.getMessage(),
                        e);
            default ->
                new NotificationException(
                        "PGF-NTF-008",
                        what + " failed: the database did not answer or refused (SQLSTATE " + state + "); "
                                + e.getMessage() + "; try again, or look at the cause",
                        e);
        };
    }
}
