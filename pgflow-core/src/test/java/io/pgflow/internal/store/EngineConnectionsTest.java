package io.pgflow.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.DatabaseException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class EngineConnectionsTest {

    /** Questions are repeated for so long. */
    private static final Duration SOON = Duration.ofMillis(300);

    private final StoreDatabase database = StoreDatabase.fresh();

    @Test
    void a_pool_without_autocommit_serves_and_what_is_done_is_committed() throws SQLException {
        HikariConfig config = new HikariConfig();
        config.setDataSource(database.dataSource());
        config.setAutoCommit(false);
        config.setMaximumPoolSize(1);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            StoreDatabase.runs(pool, StoreDatabase.DEADLINE).define(oneStep());
            try (Connection next = pool.getConnection()) {
                assertThat(next.getAutoCommit()).isFalse();
            }
        }
        assertThat(database.runs().newest("one")).isPresent();
    }

    @Test
    void a_connection_goes_back_as_it_came() throws SQLException {
        try (Connection connection = database.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            connection.setNetworkTimeout(Runnable::run, 4321);
            List<String> called = new ArrayList<>();

            StoreDatabase.runs(lending(connection, called, Set.of()), Duration.ofSeconds(7))
                    .define(oneStep());

            assertThat(connection.getAutoCommit()).isFalse();
            assertThat(connection.getNetworkTimeout()).isEqualTo(4321);
            assertThat(called)
                    .contains("setNetworkTimeout 8000", "setAutoCommit true")
                    .endsWith("close");
        }
        assertThat(database.runs().newest("one")).isPresent();
    }

    @Test
    void a_failed_call_gives_its_connection_back_too() throws SQLException {
        try (Connection connection = database.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            List<String> called = new ArrayList<>();
            RunStore runs = StoreDatabase.runs(lending(connection, called, Set.of()), StoreDatabase.DEADLINE);

            assertThatThrownBy(() -> runs.define("{")).isInstanceOf(DatabaseException.class);

            assertThat(connection.getAutoCommit()).isFalse();
            assertThat(called).endsWith("close").doesNotContain("abort");
        }
    }

    @Test
    void a_driver_without_network_timeouts_serves_too() throws SQLException {
        try (Connection connection = database.dataSource().getConnection()) {
            DataSource dataSource =
                    lending(connection, new ArrayList<>(), Set.of("getNetworkTimeout", "setNetworkTimeout"));
            assertThat(StoreDatabase.runs(dataSource, StoreDatabase.DEADLINE).serverFacts())
                    .isNotNull();
        }
    }

    @Test
    void a_connection_that_cannot_be_put_in_order_is_given_to_nobody() throws SQLException {
        try (Connection connection = database.dataSource().getConnection()) {
            List<String> called = new ArrayList<>();
            DataSource dataSource = lending(connection, called, Set.of("close"));
            assertThat(StoreDatabase.runs(dataSource, StoreDatabase.DEADLINE).serverFacts())
                    .isNotNull();
            assertThat(called).contains("abort");
        }
    }

    @Test
    void a_statement_that_does_not_end_is_cancelled_and_may_be_tried_again() throws SQLException {
        long worker = database.worker();
        TaskStore hurried = StoreDatabase.tasks(database.another(), SOON);
        try (Connection holder = database.dataSource().getConnection()) {
            holder.setAutoCommit(false);
            holder.createStatement().execute("select from pgflow.workers for update");
            assertTransient("57014", () -> hurried.heartbeat(worker, List.of()));
        }
        assertThat(hurried.heartbeat(worker, List.of()).alive()).isTrue();
    }

    @Test
    void a_link_on_which_nothing_comes_back_ends() throws Exception {
        PGSimpleDataSource relayed = database.another();
        // The driver waits that long for its own request to cancel, which takes the same dead way.
        relayed.setCancelSignalTimeout(1);
        try (StallingRelay relay = StallingRelay.to(relayed.getPortNumbers()[0])) {
            relayed.setPortNumbers(new int[] {relay.port()});
            try (Connection connection = relayed.getConnection()) {
                RunStore runs = StoreDatabase.runs(lending(connection, new ArrayList<>(), Set.of()), SOON);
                assertThat(runs.newest("one")).isEmpty();
                relay.stall();
                assertTransient("08006", runs::serverFacts);
            }
        }
    }

    @Test
    void a_server_that_is_not_there_may_come_back() {
        PGSimpleDataSource nowhere = database.another();
        nowhere.setPortNumbers(new int[] {1});
        assertTransient("08001", () -> StoreDatabase.runs(nowhere, SOON).serverFacts());

        HikariConfig config = new HikariConfig();
        config.setDataSource(nowhere);
        config.setConnectionTimeout(300);
        config.setInitializationFailTimeout(-1);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            assertThatThrownBy(() -> StoreDatabase.runs(pool, SOON).serverFacts())
                    .isInstanceOfSatisfying(
                            DatabaseException.class,
                            e -> assertThat(e.isTransient()).isTrue());
        }
    }

    @Test
    void a_session_that_the_server_ended_may_be_replaced() throws SQLException {
        long worker = database.worker();
        try (Connection connection = database.dataSource().getConnection()) {
            TaskStore tasks = StoreDatabase.tasks(lending(connection, new ArrayList<>(), Set.of()), SOON);
            database.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                            + " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'");
            // The driver reads the server's last word, or finds the link closed.
            assertTransient(Set.of("57P01", "08006"), () -> tasks.heartbeat(worker, List.of()));
        }
    }

    @Test
    void a_read_only_server_may_be_promoted() {
        PGSimpleDataSource standby = database.another();
        standby.setOptions("-c default_transaction_read_only=on");
        RunStore runs = StoreDatabase.runs(standby, SOON);
        assertThat(runs.serverFacts()).isNotNull();
        assertTransient("25006", () -> runs.define(oneStep()));
    }

    @Test
    void who_gets_through_again_after_others_could_not_tells_of_it_once() throws SQLException {
        var told = new AtomicInteger();
        var gone = new AtomicBoolean();
        var connections = new EngineConnections(going(database.another(), gone), SOON);
        connections.onReachable(told::incrementAndGet);
        connections.borrow().close();
        assertThat(told).as("it was never away").hasValue(0);

        gone.set(true);
        assertThatThrownBy(connections::borrow).isInstanceOf(SQLException.class);
        assertThatThrownBy(connections::borrow).isInstanceOf(SQLException.class);
        assertThat(told).hasValue(0);
        gone.set(false);
        connections.borrow().close();
        connections.borrow().close();

        assertThat(told).hasValue(1);
    }

    @Test
    void a_deadline_that_makes_no_sense_is_refused() {
        assertThatThrownBy(() -> new EngineConnections(database.dataSource(), Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("use 1 ms to 1 day");
    }

    private static String oneStep() {
        return "{\"name\": \"one\", \"steps\": [{\"name\": \"a\", \"handler\": \"one.a\"}]}";
    }

    private static void assertTransient(String sqlState, Runnable call) {
        assertTransient(Set.of(sqlState), call);
    }

    private static void assertTransient(Set<String> sqlStates, Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(DatabaseException.class, e -> {
                    assertThat(e.isTransient()).isTrue();
                    assertThat(e.getCause())
                            .isInstanceOfSatisfying(
                                    SQLException.class,
                                    cause -> assertThat(cause.getSQLState()).isIn(sqlStates));
                })
                .hasMessageContaining("try again");
    }

    /** Gives none while it is gone. */
    private static DataSource going(DataSource dataSource, AtomicBoolean gone) {
        return proxy(DataSource.class, (method, arguments) -> {
            if (gone.get()) {
                throw new SQLException("gone, as the test wants it", "08001");
            }
            return method.invoke(dataSource, arguments);
        });
    }

    /** Lends the one connection, notes the calls on it, does not really close it, and refuses what it is told to. */
    private static DataSource lending(Connection connection, List<String> called, Set<String> unsupported) {
        Connection lent = proxy(Connection.class, (method, arguments) -> {
            String name = method.getName();
            called.add(name.startsWith("set") ? name + " " + arguments[arguments.length - 1] : name);
            if (unsupported.contains(name)) {
                throw new SQLFeatureNotSupportedException(name);
            }
            return name.equals("close") || name.equals("abort") ? null : method.invoke(connection, arguments);
        });
        return proxy(DataSource.class, (method, arguments) -> lent);
    }

    private static <T> T proxy(Class<T> type, Invocation invocation) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
                    try {
                        return invocation.on(method, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    private interface Invocation {
        @Nullable
        Object on(Method method, Object[] arguments) throws Exception;
    }
}
