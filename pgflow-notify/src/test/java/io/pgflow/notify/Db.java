package io.pgflow.notify;

import io.pgflow.embedded.TestDatabases;
import io.pgflow.sql.PgflowSchema;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.postgresql.ds.PGSimpleDataSource;

/** A database of the tests, seen from outside: who is connected to it, and how to get in by other ways. */
final class Db {
    /** The application name of connections made by {@link #listening}. */
    private static final String LISTENER = "listener";

    static {
        // Longer than the usual 10 s: a busy machine may be slow, and only a failing test waits that long.
        Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
    }

    private final PGSimpleDataSource source;

    private Db(DataSource source) {
        this.source = (PGSimpleDataSource) source;
    }

    static Db fresh() {
        return new Db(TestDatabases.freshDatabase());
    }

    /** With pgmq. */
    static Db withQueues() {
        return new Db(TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow"));
    }

    DataSource source() {
        return source;
    }

    int port() {
        return source.getPortNumbers()[0];
    }

    PGSimpleDataSource at(int port) {
        PGSimpleDataSource other = new PGSimpleDataSource();
        other.setServerNames(new String[] {"127.0.0.1"});
        other.setPortNumbers(new int[] {port});
        other.setDatabaseName(source.getDatabaseName());
        other.setUser(source.getUser());
        other.setPassword(source.getPassword());
        other.setApplicationName(LISTENER);
        return other;
    }

    DataSource listening() {
        return at(port());
    }

    String url(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + source.getDatabaseName();
    }

    String user() {
        return String.valueOf(source.getUser());
    }

    String password() {
        return source.getPassword() == null ? "" : source.getPassword();
    }

    void notify(String channel, String payload) {
        try (Connection connection = source.getConnection();
                PreparedStatement statement = connection.prepareStatement("select pg_notify(?, ?)")) {
            statement.setString(1, channel);
            statement.setString(2, payload);
            statement.execute();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    void execute(String sql) {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    long number(String sql) {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Everybody on this database but the one who asks. */
    long others() {
        return number("select count(*)" + OTHERS);
    }

    long othersInTransaction() {
        return number("select count(*)" + OTHERS + " and xact_start is not null");
    }

    void killOthers() {
        number("select count(pg_terminate_backend(pid))" + OTHERS);
    }

    private static final String OTHERS = " from pg_stat_activity where datname = current_database()"
            + " and backend_type = 'client backend' and pid <> pg_backend_pid()";
}
