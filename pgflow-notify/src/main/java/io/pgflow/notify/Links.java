package io.pgflow.notify;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the connection of every listener has in common: no open transaction, no wait without an end, left clean for a pool. */
final class Links {
    private static final Logger log = LoggerFactory.getLogger(Links.class);

    private Links() {}

    static void prepare(Connection connection, Duration answerWithin) throws SQLException {
        // A listener inside a transaction gets nothing and keeps the server's notification queue from being emptied.
        connection.setAutoCommit(true);
        connection.setNetworkTimeout(Runnable::run, (int) answerWithin.toMillis());
    }

    static NotificationException otherDriver(String driver, Connection connection) {
        return new NotificationException(
                "PGF-NTF-006",
                "the listening DataSource gives " + connection.getClass().getName()
                        + ", which is not and does not wrap a connection of "
                        + driver + "; only the driver itself can receive notifications;"
                        + " give Notifications.builder(..).listenOn(..) a DataSource of that driver");
    }

    /** The connection may be a pool's: it must not go back with a LISTEN on it, and a broken one must be recognised as broken. */
    static void close(Connection connection) {
        try (connection) {
            if (!connection.isClosed()) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("unlisten *");
                }
            }
        } catch (SQLException e) {
            log.debug("The listening connection did not close cleanly", e);
        }
    }
}
