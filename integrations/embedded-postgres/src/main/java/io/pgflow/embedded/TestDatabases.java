package io.pgflow.embedded;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * How does each test get a database of its own, quickly? {@code TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow")}.
 *
 * <p>All tests of a JVM share one server, started when the first test asks and stopped when the JVM ends. The first call with a template
 * key prepares a template; every call copies it, which is many times faster than preparing again.
 *
 * <p>With {@code PGFLOW_TEST_JDBC_URL} (system property, else environment) the databases are made on that server instead; its user must be
 * allowed to create databases. They are dropped when the JVM ends.
 */
public final class TestDatabases {
    private static final String GIVEN_URL = "PGFLOW_TEST_JDBC_URL";
    private static final AtomicLong NUMBER = new AtomicLong();
    private static final Map<String, String> TEMPLATES = new HashMap<>();
    private static final Set<String> MADE = ConcurrentHashMap.newKeySet();

    private TestDatabases() {}

    /** An empty database. */
    public static DataSource freshDatabase() {
        String database = create("fresh", "");
        return Server.dataSource(database);
    }

    /**
     * A copy of the database that {@code prepare} made.
     *
     * @param prepare fills the template; runs once a JVM and key, and must close its connections
     * @param templateKey names what {@code prepare} makes; calls with one key must mean the same
     */
    public static DataSource freshDatabase(Consumer<DataSource> prepare, String templateKey) {
        return Server.dataSource(create("copy", " template " + template(prepare, templateKey)));
    }

    /** Drops a database of this class that is no longer needed, with its connections; otherwise it stays until the JVM ends. */
    public static void drop(DataSource database) {
        String name = nameOf(database);
        if (!MADE.remove(name)) {
            throw new IllegalArgumentException(
                    "the database " + name + " was not made here, so it is not dropped here");
        }
        execute("drop database " + name + " with (force)");
    }

    private static synchronized String template(Consumer<DataSource> prepare, String key) {
        String known = TEMPLATES.get(key);
        if (known != null) {
            return known;
        }
        String database = create("template_" + key.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "_"), "");
        prepare.accept(Server.dataSource(database));
        TEMPLATES.put(key, database);
        return database;
    }

    private static String create(String kind, String options) {
        String name = "pgflow_" + ProcessHandle.current().pid() + "_" + NUMBER.incrementAndGet() + "_" + kind;
        execute("create database " + name + options);
        MADE.add(name);
        return name;
    }

    private static String nameOf(DataSource database) {
        return database instanceof PGSimpleDataSource made ? String.valueOf(made.getDatabaseName()) : "of unknown name";
    }

    private static void execute(String sql) {
        try (Connection connection = Server.ADMIN.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new EmbeddedPostgresException("PGF-EMB-004", "'" + sql + "' failed: " + e.getMessage(), e);
        }
    }

    /** The one server of this JVM: the holder class starts it when it is first needed. */
    private static final class Server {
        private static final PGSimpleDataSource ADMIN = given().orElseGet(Server::embedded);

        private static DataSource dataSource(String database) {
            PGSimpleDataSource dataSource = new PGSimpleDataSource();
            dataSource.setUrl(ADMIN.getUrl());
            dataSource.setUser(ADMIN.getUser());
            dataSource.setPassword(ADMIN.getPassword());
            dataSource.setDatabaseName(database);
            return dataSource;
        }

        private static Optional<PGSimpleDataSource> given() {
            return Optional.ofNullable(System.getProperty(GIVEN_URL, System.getenv(GIVEN_URL)))
                    .filter(url -> !url.isBlank())
                    .map(url -> {
                        Runtime.getRuntime()
                                .addShutdownHook(new Thread(TestDatabases::dropAll, "pgflow-test-databases-dropper"));
                        return to(url);
                    });
        }

        private static PGSimpleDataSource embedded() {
            EmbeddedPostgresServer server = EmbeddedPostgresServer.builder()
                    .inMemory() // most of a test's time would go into the files of its database
                    .setting("max_connections", "200")
                    .start();
            return to(server.jdbcUrl("postgres"));
        }

        private static PGSimpleDataSource to(String url) {
            PGSimpleDataSource dataSource = new PGSimpleDataSource();
            dataSource.setUrl(url);
            return dataSource;
        }
    }

    private static void dropAll() {
        for (String name : MADE) {
            execute("drop database if exists " + name + " with (force)");
        }
    }
}
