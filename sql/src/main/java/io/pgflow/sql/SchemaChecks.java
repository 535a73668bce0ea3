package io.pgflow.sql;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** What must hold before anything is changed. Asked by whoever holds the migration lock, so nobody is half-way at the time. */
final class SchemaChecks {
    static final int OLDEST_SERVER = 14;

    private SchemaChecks() {}

    static void check(Connection connection) throws SQLException {
        requireServer(number(connection, "select pg_catalog.current_setting('server_version_num')::int"));
        requireOurSchema(connection);
        requireSchemaOrRight(connection);
    }

    static void requireServer(int serverVersionNumber) {
        if (serverVersionNumber < OLDEST_SERVER * 10_000) {
            throw new SchemaException(
                    "PGF-SCH-002",
                    "the server is PostgreSQL " + serverVersionNumber / 10_000
                            + ", which lacks what pgflow needs; use PostgreSQL " + OLDEST_SERVER + " or newer");
        }
    }

    /**
     * A schema is ours when its history begins with our first migration. An empty one is taken: it was made for us by somebody who grants
     * schemas, or is what a migrator left that was killed in its first moments.
     */
    private static void requireOurSchema(Connection connection) throws SQLException {
        boolean taken = is(connection, """
                select exists (
                    select from pg_catalog.pg_class c
                    where c.relnamespace = to_regnamespace('pgflow')
                      and c.relname not like 'schema\\_history%'
                    union all
                    select from pg_catalog.pg_proc p
                    where p.pronamespace = to_regnamespace('pgflow'))
                """);
        if (taken && !historyIsOurs(connection)) {
            throw new SchemaException(
                    "PGF-SCH-001",
                    "the database has a schema named pgflow that this library did not make (its history does not begin with our"
                            + " first migration), and nothing in it was touched; rename that schema (alter schema pgflow rename to …)"
                            + " or give the engine a database of its own");
        }
    }

    /** Flyway would find it out too, but tries to make a schema ten times, a second apart. */
    private static void requireSchemaOrRight(Connection connection) throws SQLException {
        boolean possible = is(connection, """
                select to_regnamespace('pgflow') is not null
                    or pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create')
                """);
        if (!possible) {
            throw new SchemaException(
                    "PGF-SCH-005",
                    "the schema pgflow cannot be made: permission denied, this user may not create schemas in this database;"
                            + " nothing was changed; grant create on the database, or let its owner migrate");
        }
    }

    private static boolean historyIsOurs(Connection connection) throws SQLException {
        return is(connection, "select to_regclass('pgflow.schema_history') is not null") && is(connection, """
                        select exists (
                            select from pgflow.schema_history h
                            where to_jsonb(h) @> '{"version": "001", "description": "pgmq", "success": true}')
                        """);
    }

    private static boolean is(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            return row.next() && row.getBoolean(1);
        }
    }

    private static int number(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getInt(1);
        }
    }
}
