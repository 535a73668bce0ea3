package io.pgflow.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Optional;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;

/**
 * How does the engine's schema get into my database? {@code PgflowSchema.migrate(dataSource)} at start, or {@link #script()} for a person
 * who applies it.
 *
 * <p>Needs PostgreSQL 14 or newer. Makes the schemas {@code pgflow} and, unless it is there, {@code pgmq}.
 */
public final class PgflowSchema {
    static final String NAME = "pgflow";
    static final String HISTORY = "schema_history";

    private PgflowSchema() {}

    /**
     * Brings the database to the schema of this library; does nothing when it is there already.
     *
     * <p>May be called by many JVMs at once: one works, the others wait for it. All or nothing: a migration that fails leaves the schema as
     * it was. May be called while others work: when a transaction holds a table that is to change, it gives way and begins anew, until that
     * one has ended or this thread is interrupted.
     *
     * <p>Uses up to four connections at the same time, as a user that may create schemas; they must go to the server directly, because
     * Flyway keeps state in its sessions that a transaction pooler loses.
     *
     * @throws SchemaException when the database is not fit for it; the code and the message say why and what to do
     */
    public static void migrate(DataSource dataSource) {
        try (Connection turn = dataSource.getConnection()) {
            boolean autoCommit = turn.getAutoCommit();
            turn.setAutoCommit(false);
            try {
                awaitTurn(turn);
                SchemaChecks.check(turn);
                migrate(flyway(dataSource));
            } finally {
                turn.rollback();
                turn.setAutoCommit(autoCommit);
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /**
     * The complete SQL of the schema, in the order in which it is executed, without connecting to anything.
     *
     * <p>For an empty database or one without the schemas; one transaction. It also writes the history, so a later {@link #migrate} finds
     * the schema as if it had made it.
     */
    public static String script() {
        return SchemaScript.complete();
    }

    /**
     * The lock is of the transaction, so it ends with the connection at the latest. The transaction stays open and idle while Flyway works on other connections; a server that ends idle transactions must not end this one.
     */
    private static void awaitTurn(Connection turn) throws SQLException {
        try (Statement statement = turn.createStatement()) {
            statement.execute("set local idle_in_transaction_session_timeout = 0");
            statement.execute("select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('pgflow.migrate'), 0)");
        }
    }

    private static void migrate(Flyway flyway) {
        try {
            refuseNewer(flyway);
            ShortLockWaits.untilThrough(flyway::migrate);
        } catch (FlywayException e) {
            throw failed(e);
        }
    }

    private static void refuseNewer(Flyway flyway) {
        Optional<MigrationInfo> unknown = Arrays.stream(flyway.info().all())
                .filter(migration -> migration.getState() == MigrationState.FUTURE_SUCCESS)
                .findFirst();
        if (unknown.isPresent()) {
            throw new SchemaException(
                    "PGF-SCH-003",
                    "the database has pgflow's migration " + unknown.get().getVersion()
                            + ", which this library does not know: a newer pgflow has migrated it;"
                            + " use that version of pgflow or a newer one");
        }
    }

    /** Everything is said here, so that no setting, placeholder or callback of the host's Flyway reaches in, and the other way round. */
    private static Flyway flyway(DataSource dataSource) {
        return Flyway.configure(PgflowSchema.class.getClassLoader())
                .dataSource(dataSource)
                .locations("classpath:" + MigrationFile.FOLDER)
                .failOnMissingLocations(true)
                .javaMigrations(new PgmqChoice())
                .skipDefaultCallbacks(true)
                .callbacks(new ShortLockWaits())
                .schemas(NAME)
                .defaultSchema(NAME)
                .table(HISTORY)
                .encoding("UTF-8")
                .placeholderReplacement(false)
                .cleanDisabled(true)
                .group(true)
                .load();
    }

    private static SchemaException failed(Exception cause) {
        for (Throwable e = cause; e != null; e = e.getCause()) {
            if (e instanceof SQLException sql && "PF008".equals(sql.getSQLState())) {
                return new SchemaException("PGF-SCH-004", String.valueOf(sql.getMessage()), cause);
            }
        }
        return new SchemaException(
                "PGF-SCH-005",
                "the schema pgflow cannot be brought up to date: " + cause.getMessage()
                        + "; nothing was changed; mend the cause and start again",
                cause);
    }
}
