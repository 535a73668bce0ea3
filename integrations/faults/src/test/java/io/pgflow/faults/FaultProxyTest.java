package io.pgflow.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.embedded.TestDatabases;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class FaultProxyTest {

    private final PGSimpleDataSource direct = (PGSimpleDataSource) TestDatabases.freshDatabase();
    private final FaultProxy proxy = FaultProxy.to(direct.getPortNumbers()[0], 1);

    @AfterEach
    void close() {
        proxy.close();
        TestDatabases.drop(direct);
    }

    @Test
    void everything_gets_through_unless_told_otherwise() throws Exception {
        try (Connection connection = connect()) {
            assertThat(ask(connection, "select repeat('x', 100000)")).hasSize(100_000);
            assertThat(proxy.connections()).isEqualTo(1);
        }
    }

    @Test
    void what_is_said_into_a_stalled_link_arrives_when_it_passes_again() throws Exception {
        try (Connection connection = connect()) {
            proxy.stall();
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> ask(connection, "select 'here'"));
            assertThatThrownBy(() -> answer.get(200, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

            proxy.pass();

            assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo("here");
        }
    }

    @Test
    void a_reset_breaks_the_connections_that_are_open_and_no_later_ones() throws Exception {
        try (Connection open = connect()) {
            proxy.reset();

            assertThatThrownBy(() -> ask(open, "select 1")).hasRootCauseInstanceOf(java.io.IOException.class);
        }
        try (Connection later = connect()) {
            assertThat(ask(later, "select 'later'")).isEqualTo("later");
        }
    }

    // region proxy
    @Test
    void a_commit_whose_reply_is_swallowed_has_happened_and_its_connection_is_of_no_more_use() throws Exception {
        run(direct.getConnection(), "create table written (id int)");
        try (Connection connection = connect()) {
            proxy.swallowReplies();
            CompletableFuture<Void> answer =
                    CompletableFuture.runAsync(() -> run(connection, "insert into written values (1)"));
            awaitRow();
            assertThat(answer).isNotDone();

            proxy.pass();

            assertThatThrownBy(() -> answer.get(30, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
        }
    }
    // endregion

    @Test
    void each_piece_of_a_delayed_link_waits() throws Exception {
        try (Connection connection = connect()) {
            proxy.delay(Duration.ofMillis(50), Duration.ZERO);
            long asked = System.nanoTime();

            ask(connection, "select 1");

            assertThat(Duration.ofNanos(System.nanoTime() - asked)).isGreaterThanOrEqualTo(Duration.ofMillis(100));
        }
    }

    @Test
    void a_slow_link_lets_so_many_bytes_through_in_a_second() throws Exception {
        try (Connection connection = connect()) {
            proxy.slow(100_000);
            long asked = System.nanoTime();

            ask(connection, "select repeat('x', 20000)");

            assertThat(Duration.ofNanos(System.nanoTime() - asked)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
        }
    }

    @Test
    void a_closed_proxy_takes_no_connections() {
        proxy.close();

        assertThatThrownBy(this::connect).isInstanceOf(SQLException.class);
    }

    private Connection connect() throws SQLException {
        var through = new PGSimpleDataSource();
        through.setUrl(direct.getUrl());
        through.setUser(direct.getUser());
        through.setPortNumbers(new int[] {proxy.port()});
        through.setDatabaseName(direct.getDatabaseName());
        return through.getConnection();
    }

    private void awaitRow() throws Exception {
        long giveUp = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        try (Connection connection = direct.getConnection()) {
            while (!ask(connection, "select count(*) from written").equals("1")) {
                assertThat(System.nanoTime()).isLessThan(giveUp);
            }
        }
    }

    private static String ask(Connection connection, String sql) {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private static void run(Connection connection, String sql) {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
