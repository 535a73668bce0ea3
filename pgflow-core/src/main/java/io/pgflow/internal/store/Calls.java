package io.pgflow.internal.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Function;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.conf.Settings;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DefaultConfiguration;

/** Runs the statements of one call on one connection and explains what fails. */
final class Calls {

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
