package io.pgflow.examples;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.embedded.EmbeddedPostgresServer;
import io.pgflow.sql.PgflowSchema;
import javax.sql.DataSource;

/** A PostgreSQL server with the schema, and a pool of connections to it, as an application would have. */
public final class ExampleDatabase implements AutoCloseable {

    private final EmbeddedPostgresServer server;
    private final HikariDataSource pool;

    private ExampleDatabase(EmbeddedPostgresServer server) {
        this.server = server;
        this.pool = pool(url());
    }

    /** Starts the server and installs the schema; takes a few seconds. */
    public static ExampleDatabase start() {
        var database = new ExampleDatabase(EmbeddedPostgresServer.start());
        PgflowSchema.migrate(database.dataSource());
        return database;
    }

    /** A pool for a process; the engine itself needs seven connections. */
    public static HikariDataSource pool(String url) {
        var config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(10);
        return new HikariDataSource(config);
    }

    /** The pool of this process. */
    public DataSource dataSource() {
        return pool;
    }

    /** Where other processes find the database. */
    public String url() {
        return server.jdbcUrl("postgres");
    }

    @Override
    public void close() {
        pool.close();
        server.close();
    }
}
