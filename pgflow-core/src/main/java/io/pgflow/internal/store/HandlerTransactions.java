package io.pgflow.internal.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;

/** Opens transactions for handlers, on connections of the application. */
public final class HandlerTransactions {

    private final DataSource dataSource;
    private final Duration callDeadline;

    /** {@code dataSource} leads to the database of the engine, under a user that may call its functions. */
    public HandlerTransactions(DataSource dataSource, Duration callDeadline) {
        this.dataSource = dataSource;
        this.callDeadline = callDeadline;
    }

    /**
     * A transaction for a task whose handler may take so long; empty when the task is no longer held under its fence. Throws
     * {@link io.pgflow.DatabaseException}.
     */
    public Optional<HandlerTransaction> open(TaskId task, Duration handlerTime) {
        try {
            HandlerTransaction transaction = begin();
            boolean held = false;
            try {
                held = transaction.open(task, handlerTime);
            } finally {
                if (!held) {
                    transaction.giveBack();
                }
            }
            return held ? Optional.of(transaction) : Optional.empty();
        } catch (SQLException e) {
            throw FailedCall.explain("open a transaction for a handler", e);
        }
    }

    private HandlerTransaction begin() throws SQLException {
        Connection connection = EngineConnections.connect(dataSource);
        try {
            return new HandlerTransaction(connection, callDeadline);
        } catch (SQLException | RuntimeException e) {
            EngineConnections.discard(connection);
            throw e;
        }
    }
}
