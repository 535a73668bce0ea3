package io.pgflow.chaos;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.util.DriverDataSource;
import io.pgflow.PatientDataSource;
import io.pgflow.embedded.EmbeddedPostgresServer;
import io.pgflow.sql.PgflowSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import javax.sql.DataSource;

/** A server that syncs to disk and keeps a log of its own, with the schema and a ledger. */
final class ChaosDatabase implements AutoCloseable {

    static final String DRIVER = "chaos-driver";
    private static final String DATABASE = "postgres";

    private final EmbeddedPostgresServer server = EmbeddedPostgresServer.builder()
            .setting("max_connections", "150")
            .setting("fsync", "on")
            .setting("logging_collector", "on")
            .setting("log_directory", "log")
            .setting("log_filename", "server.log")
            .start();
    private final HikariDataSource pool = pool();

    ChaosDatabase() throws SQLException {
        PgflowSchema.migrate(pool);
        createLedger(pool);
    }

    /** Where transactional steps write. Its order of columns says nothing, and nothing in it is unique: what comes twice shall be seen. */
    static void createLedger(DataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                var statement = connection.createStatement()) {
            statement.execute("create table public.ledger (run_id uuid not null, step text not null)");
        }
    }

    DataSource dataSource() {
        return pool;
    }

    /** For whoever is not a worker. */
    static String url(int port) {
        return url(port, DRIVER);
    }

    /** Through a proxy on that port; the server knows the process by that name. */
    static String url(int port, String application) {
        return "jdbc:postgresql://localhost:" + port + "/" + DATABASE
                + "?user=postgres&connectTimeout=5&loginTimeout=5&cancelSignalTimeout=2&ApplicationName=" + application;
    }

    int port() {
        return server.port();
    }

    void crash() {
        server.crash();
    }

    void restart() {
        server.restart();
    }

    String version() throws SQLException {
        try (Connection connection = pool.getConnection();
                var statement = connection.createStatement();
                ResultSet row = statement.executeQuery("show server_version")) {
            row.next();
            return row.getString(1);
        }
    }

    /** What the server wrote of the kind; it goes on in the same file after a crash. */
    List<String> logged(String words) throws IOException {
        try (Stream<String> lines = Files.lines(log())) {
            return lines.filter(line -> line.contains(words)).toList();
        }
    }

    void copyLogTo(Path file) throws IOException {
        Files.copy(log(), file);
    }

    private Path log() {
        return server.dataDirectory().resolve("log").resolve("server.log");
    }

    private HikariDataSource pool() {
        var driver = new DriverDataSource(url(server.port()), null, new Properties(), null, null);
        var config = new HikariConfig();
        config.setDataSource(PatientDataSource.around(driver, PatientDataSource.PATIENCE));
        config.setMaximumPoolSize(12);
        config.setConnectionTimeout(5_000);
        return new HikariDataSource(config);
    }

    @Override
    public void close() {
        pool.close();
        server.close();
    }
}
