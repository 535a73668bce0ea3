package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.positions;
import static io.pgflow.internal.store.Columns.set;
import static io.pgflow.internal.store.Parameters.integers;
import static io.pgflow.internal.store.Parameters.texts;
import static io.pgflow.internal.store.Parameters.uuids;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.Optional;

/**
 * A transaction on a connection of the application, in which a handler writes and its task is completed. Whoever opened it ends it,
 * by {@link #commit} or {@link #rollBack}, and gives the connection back as it was.
 */
public final class HandlerTransaction {

    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final int UNLIMITED = -1;
    private static final String FAILED_TRANSACTION = "25P02";

    private static final String OPEN = "select pgflow.open_transaction(?, ?::smallint, ?, ?)";
    private static final String COMPLETE = """
            select c.stale, c.ended_run_ids, c.woken_queues, c.to_settle
            from pgflow.complete_in_transaction(?, ?, ?::smallint, ?, ?, ?::jsonb) c
            """;

    private final Connection connection;
    private final Duration callDeadline;
    private final boolean autoCommit;
    private final int networkTimeout;

    /** Takes the connection over; when this throws, the caller still has it. */
    HandlerTransaction(Connection connection, Duration callDeadline) throws SQLException {
        this.connection = connection;
        this.callDeadline = callDeadline;
        this.autoCommit = connection.getAutoCommit();
        this.networkTimeout = networkTimeout(connection);
        if (autoCommit) {
            connection.setAutoCommit(false);
        }
    }

    /** For the handler, in a guise that does not let it end the transaction. */
    public Connection connection() {
        return connection;
    }

    /** False when the task is no longer held under that fence. No answer is waited for longer than the handler may take. */
    boolean open(TaskId task, Duration handlerTime) throws SQLException {
        limitNetwork(handlerTime.plus(GRACE));
        try (PreparedStatement statement = statement(OPEN)) {
            task(new Parameters(statement), task);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /** complete_in_transaction; throws {@link io.pgflow.DatabaseException}. When the report is stale, roll back. */
    public Outcome complete(long workerId, Report.Completion completion) {
        try {
            limitNetwork(callDeadline.plus(GRACE));
            try (PreparedStatement statement = statement(COMPLETE)) {
                task(new Parameters(statement).number(workerId), completion.task())
                        .text(completion.output());
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return new Outcome(
                            positions(integers(row, "stale")),
                            list(uuids(row, "ended_run_ids")),
                            set(texts(row, "woken_queues")),
                            row.getBoolean("to_settle"),
                            Optional.empty());
                }
            }
        } catch (SQLException e) {
            throw FailedCall.explain(
                    "complete a task in the transaction of its handler",
                    FAILED_TRANSACTION.equals(e.getSQLState()) ? passedOver() : e);
        }
    }

    /** Throws {@link io.pgflow.DatabaseException}; when that is transient, it may have been committed all the same. */
    public void commit() {
        try {
            connection.commit();
        } catch (SQLException e) {
            throw FailedCall.explain("commit the transaction of a handler", e);
        }
    }

    /** Never throws: on a connection that cannot roll back, the server does. */
    public void rollBack() {
        try {
            connection.rollback();
        } catch (SQLException | RuntimeException e) { // pools and proxies throw what is no SQLException
            EngineConnections.discard(connection);
        }
    }

    /** Never throws. What has not been committed is rolled back. */
    public void giveBack() {
        try {
            connection.rollback();
            if (networkTimeout != UNLIMITED) {
                connection.setNetworkTimeout(Runnable::run, networkTimeout);
            }
            if (autoCommit) {
                connection.setAutoCommit(true);
            }
            connection.close();
        } catch (SQLException | RuntimeException e) {
            EngineConnections.discard(connection);
        }
    }

    private PreparedStatement statement(String sql) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        statement.setQueryTimeout(Math.toIntExact(callDeadline.plusMillis(999).toSeconds()));
        return statement;
    }

    /** Elsewhere that state passes by itself; here it is there again after each attempt. */
    private static SQLException passedOver() {
        return new SQLException(
                "a statement of the handler had failed, and the handler went on; let its exception pass, or use a savepoint",
                "25000");
    }

    private static Parameters task(Parameters parameters, TaskId task) throws SQLException {
        return parameters
                .uuid(task.runId())
                .number(task.step())
                .number(task.item())
                .number(task.fence());
    }

    private static int networkTimeout(Connection connection) throws SQLException {
        try {
            return connection.getNetworkTimeout();
        } catch (SQLFeatureNotSupportedException e) {
            return UNLIMITED;
        }
    }

    private void limitNetwork(Duration time) throws SQLException {
        if (networkTimeout != UNLIMITED) {
            connection.setNetworkTimeout(Runnable::run, (int) Math.min(time.toMillis(), Integer.MAX_VALUE));
        }
    }
}
