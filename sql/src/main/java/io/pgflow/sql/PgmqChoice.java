package io.pgflow.sql;

import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jspecify.annotations.Nullable;

/**
 * The first migration: makes sure that schema pgmq has queues, by the extension where the server offers it, else by our own SQL.
 *
 * <p>It is a class, not a file, because it puts two files together; the printed script holds exactly what it executes.
 */
final class PgmqChoice implements JavaMigration {
    static final String VERSION = "001";
    static final String DESCRIPTION = "pgmq";
    private static final System.Logger log = System.getLogger("io.pgflow.sql");

    static String sql() {
        return MigrationFile.read("pgflow/pgmq/choose.sql").replace("${pgmq}", ownSql().strip());
    }

    static String ownSql() {
        return MigrationFile.read("pgflow/pgmq/pgmq.sql");
    }

    @Override
    public void migrate(Context context) throws SQLException {
        try (Statement statement = context.getConnection().createStatement()) {
            statement.execute(sql());
            for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning()) {
                if (warning.getSQLState().startsWith("01")) {
                    log.log(System.Logger.Level.WARNING, warning.getMessage());
                }
            }
        }
    }

    @Override
    public MigrationVersion getVersion() {
        return MigrationVersion.fromVersion(VERSION);
    }

    @Override
    public String getDescription() {
        return DESCRIPTION;
    }

    /** None: a database keeps the queues it got, whatever later versions of this library would choose. */
    @Override
    public @Nullable Integer getChecksum() {
        return null;
    }

    @Override
    public boolean canExecuteInTransaction() {
        return true;
    }
}
