package io.pgflow.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** The role that docs/operations.md describes for applications, with the rights that stand there and no more. */
final class ApplicationRole {

    static final String NAME = "pgflow_test_app";
    private static final Path PAGE = Path.of("..", "docs", "operations.md");
    private static final Pattern GRANTS =
            Pattern.compile("(?s)```sql\\n(grant usage on schema pgflow, pgmq to pgflow_app.*?)```");

    /** Only the owner makes queues, beforehand; tests name theirs as they please, so here the role may do it. Their tables are the application's. */
    private static final String OF_TESTS = "grant create on schema pgmq to " + NAME
            + "; alter default privileges in schema public grant all on tables to " + NAME;

    private ApplicationRole() {}

    /** Gives the role its rights in this database; makes it when the server has not got it. */
    static void grant(DataSource database) {
        Engines.sql(
                database,
                "do $$ begin create role " + NAME + " login; "
                        + "exception when duplicate_object or unique_violation then null; end $$");
        Engines.sql(database, grants().replace("pgflow_app", NAME) + OF_TESTS);
    }

    /** The same database, for the role. */
    static DataSource of(DataSource database) {
        var owner = (PGSimpleDataSource) database;
        var application = new PGSimpleDataSource();
        application.setUrl(owner.getUrl());
        application.setDatabaseName(owner.getDatabaseName());
        application.setUser(NAME);
        return application;
    }

    private static String grants() {
        try {
            return GRANTS.matcher(Files.readString(PAGE))
                    .results()
                    .map(block -> block.group(1))
                    .collect(Collectors.collectingAndThen(Collectors.joining(), ApplicationRole::notEmpty));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String notEmpty(String grants) {
        if (grants.isEmpty()) {
            throw new IllegalStateException(PAGE + " has no grants for an application");
        }
        return grants;
    }
}
