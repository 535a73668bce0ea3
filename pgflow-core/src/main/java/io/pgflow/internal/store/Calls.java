package io.pgflow.internal.store;

import io.pgflow.DatabaseException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.conf.Settings;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DefaultConfiguration;

/** Runs the statements of one call on one connection and explains what fails. */
final class Calls {

    private static final Duration PAUSE = Duration.ofMillis(50);

    private final EngineConnections connections;
    private final Configuration configuration;

    Calls(EngineConnections connections) {
        this.connections = connections;
        this.configuration = new DefaultConfiguration()
                .derive(SQLDialect.POSTGRES)
                .derive(new Settings()
                        .withRenderSchema(true)
                        .withExecuteLogging(false)
                        .withFetchWarnings(false)
                        .withAttachRecords(false)
                        .withQueryTimeout(connections.statementTimeout()));
    }

    /** On a connection of the engine; {@code attempt} completes the words "could not". */
    <T> T call(String attempt, Function<DSLContext, T> work) {
        try (EngineConnections.Borrowed borrowed = connections.borrow()) {
            return work.apply(on(borrowed.connection()));
        } catch (SQLException | DataAccessException e) {
            throw FailedCall.explain(attempt, e);
        }
    }

    /**
     * The same for work that may be done twice: what fails and may pass is tried again until the call deadline, so that one broken
     * connection is nobody's business. An interrupt ends the trying.
     */
    <T> T repeatable(String attempt, Function<DSLContext, T> work) {
        return untilDeadline(() -> call(attempt, work));
    }

    /**
     * {@link #prepared} for work that may be done twice, as {@link #repeatable(String, Function)}: questions, and functions that
     * answer a repetition without doing it again.
     */
    <T> T repeatable(String attempt, String sql, OnStatement<T> work) {
        return untilDeadline(() -> prepared(attempt, sql, work));
    }

    private <T> T untilDeadline(Supplier<T> call) {
        long deadline = System.nanoTime() + connections.callDeadline().toNanos();
        while (true) {
            try {
                return call.get();
            } catch (DatabaseException e) {
                if (!e.isTransient() || System.nanoTime() + PAUSE.toNanos() > deadline || !pause()) {
                    throw e;
                }
            }
        }
    }

    private static boolean pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * One prepared statement on a connection of the engine, without jOOQ: for the few calls of which there are many a second.
     * jOOQ renders the SQL and builds its model of parameters and results anew each time; the first 30,000 tasks of one step
     * cost a process 3.4 s of processor time with it and 2.2 s without (decision 0004).
     */
    <T> T prepared(String attempt, String sql, OnStatement<T> work) {
        try (EngineConnections.Borrowed borrowed = connections.borrow();
                PreparedStatement statement = borrowed.connection().prepareStatement(sql)) {
            statement.setQueryTimeout(connections.statementTimeout());
            return work.on(statement);
        } catch (SQLException e) {
            throw FailedCall.explain(attempt, e);
        }
    }

    /** The same on a connection of the caller. */
    <T> T preparedIn(Connection connection, String attempt, String sql, OnStatement<T> work) {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setQueryTimeout(connections.statementTimeout());
            return work.on(statement);
        } catch (SQLException e) {
            throw FailedCall.explain(attempt, e);
        }
    }

    /** What is done with a prepared statement. */
    interface OnStatement<T> {
        T on(PreparedStatement statement) throws SQLException;
    }

    /** In the transaction of the caller, who commits, rolls back and closes. */
    <T> T callIn(Connection connection, String attempt, Function<DSLContext, T> work) {
        try {
            return work.apply(on(connection));
        } catch (DataAccessException e) {
            throw FailedCall.explain(attempt, e);
        }
    }

    private DSLContext on(Connection connection) {
        return configuration.derive(connection).dsl();
    }
}
