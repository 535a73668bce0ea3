package io.pgflow.internal.store;

import io.pgflow.DatabaseException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Lends the engine a connection for one call, and gives it back as it was.
 *
 * <p>A lent connection commits by itself and cannot hang: the statement is cancelled after the deadline, and a link on which
 * no answer comes is cut a second later. On a dead link the driver first waits for its own request to cancel, up to
 * {@code cancelSignalTimeout} (10 s in pgjdbc, unless set).
 *
 * <p>The data source may pool or not; it must not hand out connections that are in the middle of somebody's transaction. How
 * long it may take to get a connection is a setting of the data source.
 */
public final class EngineConnections {

    /** What a cancelled statement has to say so. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final DataSource dataSource;
    private final Duration callDeadline;
    private volatile boolean unreachable;
    private volatile Runnable onReachable = () -> {};

    /** {@code callDeadline} is how long one call may take, at least a millisecond. */
    public EngineConnections(DataSource dataSource, Duration callDeadline) {
        if (callDeadline.toMillis() < 1 || callDeadline.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("the call deadline is " + callDeadline + "; use 1 ms to 1 day");
        }
        this.dataSource = dataSource;
        this.callDeadline = callDeadline;
    }

    /** Does this whenever a connection is had again after one could not be had; must not block. Replaces what was said before. */
    public void onReachable(Runnable listener) {
        onReachable = listener;
    }

    Duration callDeadline() {
        return callDeadline;
    }

    /** In whole seconds, rounded up, as JDBC wants it. */
    int statementTimeout() {
        return Math.toIntExact(callDeadline.plusMillis(999).toSeconds());
    }

    Borrowed borrow() throws SQLException {
        Connection connection = connect();
        try {
            return new Borrowed(connection);
        } catch (SQLException e) {
            discard(connection);
            throw e;
        }
    }

    private Connection connect() throws SQLException {
        Connection connection;
        try {
            connection = connect(dataSource);
        } catch (SQLException e) {
            unreachable = true;
            throw e;
        }
        if (unreachable) {
            unreachable = false;
            onReachable.run();
        }
        return connection;
    }

    /** Pools also throw what is no SQLException, with one as its cause. */
    public static Connection connect(DataSource dataSource) throws SQLException {
        try {
            return dataSource.getConnection();
        } catch (RuntimeException e) {
            throw new SQLException("the data source gave no connection: " + e.getMessage(), e);
        }
    }

    /** Whether the server was not there, was about to stop, or not ready yet: asking again soon makes sense. */
    public static boolean isAway(SQLException failure) {
        return FailedCall.isAway(failure);
    }

    /** What to throw when no connection came because the server was away or gave no more; empty when the data source had none to give. */
    public static Optional<DatabaseException> outage(@Nullable SQLException failure) {
        return Optional.ofNullable(failure)
                .filter(FailedCall::isOutage)
                .map(e -> FailedCall.explain("get the connections to begin with", e));
    }

    /** Lets go of a connection that is not to be used again. */
    static void discard(Connection connection) {
        try (connection) {
            connection.abort(Runnable::run);
        } catch (SQLException | RuntimeException e) {
            // It is broken, which the caller knows or need not know; there is nothing more to let go of.
        }
    }

    /** A connection out on loan. */
    final class Borrowed implements AutoCloseable {

        private static final int UNLIMITED = -1;

        private final Connection connection;
        private final boolean autoCommit;
        private final int networkTimeout;

        private Borrowed(Connection connection) throws SQLException {
            this.connection = connection;
            this.autoCommit = connection.getAutoCommit();
            if (!autoCommit) {
                connection.setAutoCommit(true);
            }
            this.networkTimeout = limitNetwork();
        }

        Connection connection() {
            return connection;
        }

        /** Never throws: what the call did is done. A connection that cannot be put in order is not given to anybody else. */
        @Override
        public void close() {
            try {
                if (networkTimeout != UNLIMITED) {
                    connection.setNetworkTimeout(Runnable::run, networkTimeout);
                }
                if (!autoCommit) {
                    connection.setAutoCommit(false);
                }
                connection.close();
            } catch (SQLException e) {
                discard(connection);
            }
        }

        private int limitNetwork() throws SQLException {
            try {
                int found = connection.getNetworkTimeout();
                connection.setNetworkTimeout(
                        Runnable::run, Math.toIntExact(callDeadline.plus(GRACE).toMillis()));
                return found;
            } catch (SQLFeatureNotSupportedException e) {
                return UNLIMITED;
            }
        }
    }
}
