package io.pgflow.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.embedded.TestDatabases;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A fresh database for each test and any number of engines on it, all closed after the test. Then everything that must always
 * hold of the engine's tables is checked, whatever the test was about.
 */
public final class Engines implements BeforeEachCallback, AfterEachCallback {

    /** How long a test waits for what must come. Nothing is ever decided by this time passing. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private DataSource database = new HikariDataSource();

    @Override
    public void beforeEach(ExtensionContext context) {
        assumeTrue(Adversity.CURRENT.isThere(), "NOT TESTED: PgBouncer is not installed, so nothing went through it");
        database = TestDatabases.freshDatabase(Adversity.CURRENT::prepare, "pgflow");
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        closeAll();
        assertThat(violations()).as("pgflow.verify()").isEmpty();
        assertThat(sql("select deadlocks::text from pg_stat_database where datname = current_database()"))
                .as("deadlocks that the server found")
                .containsExactly("0");
        TestDatabases.drop(database);
    }

    /** The database without a pool. */
    public DataSource database() {
        return database;
    }

    /** Short intervals, a patient expiry. */
    public static PgflowSettings.Builder settings() {
        return PgflowSettings.builder()
                .concurrency(20)
                .heartbeat(Duration.ofMillis(200))
                .pollInterval(Duration.ofMillis(100))
                .stopGrace(Duration.ofSeconds(10))
                .callDeadline(Duration.ofSeconds(20));
    }

    /** An engine of its own pool that runs these workflows; without workflows one that only starts runs. */
    public Pgflow start(Workflow<?, ?>... workflows) {
        return start(settings(), workflows);
    }

    public Pgflow start(PgflowSettings.Builder settings, Workflow<?, ?>... workflows) {
        return closeLater(Pgflow.on(pool())
                .settings(Adversity.CURRENT.under(settings).build())
                .listenOn(database) // the pool may not reach the server itself
                .with(workflows)
                .start());
    }

    /** A pool as an application has it, closed after the test. */
    public HikariDataSource pool() {
        return closeLater(pool(Adversity.CURRENT.under(database)));
    }

    public static HikariDataSource pool(DataSource database) {
        var config = new HikariConfig();
        config.setDataSource(database);
        config.setMaximumPoolSize(12);
        config.setMinimumIdle(0);
        config.setConnectionTimeout(2000);
        config.setInitializationFailTimeout(-1);
        return new HikariDataSource(config);
    }

    /** Closes it after the test, before what was given earlier. */
    public <T extends AutoCloseable> T closeLater(T resource) {
        open.push(resource);
        return resource;
    }

    /** The first column of all rows, as text. */
    public List<String> sql(String statement, Object... parameters) {
        return sql(database, statement, parameters);
    }

    public static List<String> sql(DataSource database, String statement, Object... parameters) {
        try (Connection connection = database.getConnection();
                PreparedStatement prepared = connection.prepareStatement(statement)) {
            for (int i = 0; i < parameters.length; i++) {
                prepared.setObject(i + 1, parameters[i]);
            }
            var rows = new ArrayList<String>();
            if (prepared.execute()) {
                try (ResultSet result = prepared.getResultSet()) {
                    while (result.next()) {
                        rows.add(String.valueOf(result.getString(1)));
                    }
                }
            }
            return rows;
        } catch (SQLException e) {
            throw new IllegalStateException(statement, e);
        }
    }

    /** What pgflow.verify() has to say. */
    public List<String> violations() {
        return violations(database);
    }

    public static List<String> violations(DataSource database) {
        sql(
                database,
                "analyze"); // the checks join large tables, and nobody has counted the rows of a database this young
        return sql(database, "select v::text from pgflow.verify() v");
    }

    private void closeAll() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }
}
