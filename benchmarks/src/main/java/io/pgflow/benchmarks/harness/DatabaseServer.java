package io.pgflow.benchmarks.harness;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.embedded.EmbeddedPostgresServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The one server that all contenders work on: one that is started for the measurement, or one that is given. */
public final class DatabaseServer implements AutoCloseable {

    /** Durable, and with room enough that checkpoints do not decide a round. */
    private static final Map<String, String> SETTINGS = Map.of(
            "fsync", "on",
            "synchronous_commit", "on",
            "shared_buffers", "1GB",
            "max_wal_size", "4GB",
            "max_connections", "500");

    private final @Nullable EmbeddedPostgresServer embedded;
    private final ContenderDatabase admin;
    private final long postmaster;
    private int databases;

    private DatabaseServer(@Nullable EmbeddedPostgresServer embedded, ContenderDatabase admin) throws SQLException {
        this.embedded = embedded;
        this.admin = admin;
        this.postmaster = postmaster(admin);
    }

    /** A server with the settings of the tables, for as long as this is open. */
    public static DatabaseServer embedded() throws SQLException {
        var builder = EmbeddedPostgresServer.builder();
        SETTINGS.forEach(builder::setting);
        EmbeddedPostgresServer server = builder.start();
        return new DatabaseServer(server, to(server.jdbcUrl("postgres")));
    }

    /** One that runs already, with the settings it has; the user of the address must be allowed to create databases. */
    public static DatabaseServer given(String jdbcUrl) throws SQLException {
        return new DatabaseServer(null, to(jdbcUrl));
    }

    /** An empty database for a contender. */
    public ContenderDatabase create(String contender) throws SQLException {
        databases++;
        String name = ("bench_" + ProcessHandle.current().pid() + "_" + databases + "_" + contender)
                .replaceAll("[^a-z0-9_]", "_");
        execute("create database " + name);
        String address = admin.jdbcUrl().substring(0, admin.jdbcUrl().lastIndexOf('/') + 1);
        return new ContenderDatabase(address + name, admin.user(), admin.password());
    }

    /** Drops a database of {@link #create}, with whoever is connected to it. */
    public void drop(ContenderDatabase database) throws SQLException {
        execute("drop database if exists " + name(database) + " with (force)");
    }

    public static Connection connect(ContenderDatabase database) throws SQLException {
        return DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password());
    }

    /** What a database takes on the disk, in bytes. */
    public long size(ContenderDatabase database) throws SQLException {
        return number("select pg_database_size('" + name(database) + "')");
    }

    /** Transactions that ended in a database so far, as the server counts them, up to a second late. */
    public long transactions(ContenderDatabase database) throws SQLException {
        return number(
                "select xact_commit + xact_rollback from pg_stat_database where datname = '" + name(database) + "'");
    }

    /** Where the write-ahead log of the whole server ends, in bytes since its beginning. */
    public long wal() throws SQLException {
        return number("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')");
    }

    /** Processor time of all processes of the server so far, in nanoseconds; 0 when it is elsewhere. */
    public long processorTime() {
        return ProcessTimes.ofFamily(postmaster);
    }

    /** The settings that decide a figure. */
    public Map<String, String> settings() throws SQLException {
        var settings = new LinkedHashMap<String, String>();
        for (String name : new String[] {
            "server_version", "fsync", "synchronous_commit", "shared_buffers", "max_wal_size", "wal_level", "jit"
        }) {
            settings.put(name, text("show " + name));
        }
        return settings;
    }

    public static String name(ContenderDatabase database) {
        return database.jdbcUrl().substring(database.jdbcUrl().lastIndexOf('/') + 1);
    }

    @Override
    public void close() {
        if (embedded != null) {
            embedded.close();
        }
    }

    /** 0 when the server is on another machine. */
    private static long postmaster(ContenderDatabase admin) throws SQLException {
        if (!admin.jdbcUrl().matches("jdbc:postgresql://(localhost|127\\.)[:/.0-9].*")) {
            return 0;
        }
        try (Connection connection = connect(admin);
                Statement statement = connection.createStatement();
                ResultSet backend = statement.executeQuery("select pg_backend_pid()")) {
            backend.next();
            return ProcessTimes.parentOf(backend.getLong(1)); // while the connection has its process
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = connect(admin);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private long number(String sql) throws SQLException {
        return Long.parseLong(text(sql));
    }

    private String text(String sql) throws SQLException {
        try (Connection connection = connect(admin);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    /** The address in parts; of what stands behind the question mark, user and password count. */
    private static ContenderDatabase to(String jdbcUrl) {
        String[] parts = jdbcUrl.split("\\?", 2);
        var parameters = new HashMap<String, String>();
        for (String parameter : parts.length > 1 ? parts[1].split("&") : new String[0]) {
            String[] pair = parameter.split("=", 2);
            parameters.put(pair[0], pair.length > 1 ? pair[1] : "");
        }
        String user = parameters.getOrDefault("user", System.getProperty("user.name"));
        return new ContenderDatabase(parts[0], user, parameters.getOrDefault("password", ""));
    }
}
