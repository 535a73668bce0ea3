package io.pgflow.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.embedded.TestDatabases;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A connection of somebody's pool knows the time of the test while the engine has it, and not any longer. */
class StagedDataSourceTest {

    private static final Instant THEN = Instant.parse("2030-01-01T00:00:00Z");
    private static final String TIME = "select current_setting('pgflow.clock_at', true)";
    private static final DataSource DATABASE = TestDatabases.freshDatabase();

    private final HikariDataSource pool = poolOfOne();
    private final DataSource staged = StagedDataSource.around(pool, new StandingClock(THEN), new Turnstile());

    @AfterEach
    void close() {
        pool.close();
    }

    @AfterAll
    static void drop() {
        TestDatabases.drop(DATABASE);
    }

    @Test
    void it_is_told_before_it_executes_anything() throws SQLException {
        try (Connection connection = staged.getConnection()) {
            assertThat(time(connection)).isEqualTo(THEN.toString());
        }
        assertThatThePoolKnowsNoTime();
    }

    @Test
    void it_forgets_after_a_rollback() throws SQLException {
        try (Connection connection = staged.getConnection()) {
            assertThat(time(connection)).isEqualTo(THEN.toString());
            connection.setAutoCommit(false);
            connection.rollback();
        }
        assertThatThePoolKnowsNoTime();
    }

    @Test
    void it_forgets_after_a_commit() throws SQLException {
        try (Connection connection = staged.getConnection()) {
            connection.setAutoCommit(false);
            assertThat(time(connection)).isEqualTo(THEN.toString());
            connection.commit();
        }
        assertThatThePoolKnowsNoTime();
    }

    @Test
    void what_is_not_committed_is_lost_with_the_time() throws SQLException {
        try (Connection connection = staged.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("create table if not exists kept (id int)");
            connection.setAutoCommit(false);
            statement.execute("insert into kept values (1)");
        }
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from kept")) {
            row.next();
            assertThat(row.getInt(1)).isZero();
        }
        assertThatThePoolKnowsNoTime();
    }

    private void assertThatThePoolKnowsNoTime() throws SQLException {
        try (Connection connection = pool.getConnection()) {
            assertThat(time(connection)).isNullOrEmpty();
        }
    }

    private static String time(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(TIME)) {
            row.next();
            return row.getString(1);
        }
    }

    private static HikariDataSource poolOfOne() {
        var config = new HikariConfig();
        config.setDataSource(DATABASE);
        config.setMaximumPoolSize(1);
        return new HikariDataSource(config);
    }
}
