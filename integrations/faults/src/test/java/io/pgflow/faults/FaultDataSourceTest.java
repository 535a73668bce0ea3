package io.pgflow.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.embedded.TestDatabases;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

class FaultDataSourceTest {

    private static final String INSERT = "insert into written values (1)";

    private final DataSource inner = TestDatabases.freshDatabase();
    private final Faults faults = Faults.seeded(1);
    private final DataSource faulty = FaultDataSource.around(inner, faults);

    @BeforeEach
    void create() throws SQLException {
        run(inner, "create table written (id int)");
    }

    @AfterEach
    void drop() {
        TestDatabases.drop(inner);
    }

    @Test
    void everything_goes_through_unless_told_otherwise() throws SQLException {
        run(faulty, INSERT);

        assertThat(rows()).isEqualTo(1);
        assertThat(faults.count(Fault.NONE)).isEqualTo(1);
    }

    @Test
    void nothing_gets_through_after_the_call_at_which_all_ends() throws SQLException {
        faults.endAt(Fault.EXECUTE_AND_FAIL, "written");
        run(faulty, "select 1");
        assertThat(faults.hasEnded()).isFalse();

        for (String sql : List.of(INSERT, INSERT, "select 1")) {
            assertThatThrownBy(() -> run(faulty, sql)).isInstanceOf(SQLException.class);
        }

        assertThat(faults.hasEnded()).isTrue();
        assertThat(rows()).isEqualTo(1);
        faults.heal();
        run(faulty, INSERT);
        assertThat(rows()).isEqualTo(2);
    }

    @Test
    void all_has_ended_only_when_the_last_call_was_carried_out() throws Exception {
        try (Connection other = inner.getConnection()) {
            other.setAutoCommit(false);
            run(other, "lock table written");
            faults.endAt(Fault.EXECUTE_AND_FAIL, "written");
            CompletableFuture<Void> last =
                    CompletableFuture.runAsync(() -> assertThatThrownBy(() -> run(faulty, INSERT)));
            while (faults.count(Fault.EXECUTE_AND_FAIL) == 0) {
                Thread.onSpinWait();
            }

            assertThatThrownBy(() -> run(faulty, "select 1")).isInstanceOf(SQLException.class);
            assertThat(faults.hasEnded()).isFalse();

            other.rollback();
            last.get(30, TimeUnit.SECONDS);
        }
        assertThat(faults.hasEnded()).isTrue();
    }

    @Test
    void the_last_call_may_break_before_the_database_has_heard_it() throws SQLException {
        faults.endAt(Fault.FAIL_BEFORE, "written");

        assertThatThrownBy(() -> run(faulty, INSERT)).isInstanceOf(SQLException.class);

        assertThat(faults.hasEnded()).isTrue();
        assertThat(rows()).isZero();
    }

    @Test
    void what_fails_before_never_reaches_the_database_and_breaks_its_connection() throws SQLException {
        faults.rates(1, 0);
        try (Connection connection = faulty.getConnection();
                PreparedStatement insert = connection.prepareStatement(INSERT)) {
            assertThatThrownBy(insert::execute)
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08006"));
            assertThat(connection.isClosed()).isTrue();
        }
        assertThat(rows()).isZero();
    }

    // region calls
    @Test
    void what_fails_after_it_was_carried_out_has_happened() {
        faults.rates(0, 1);

        assertThatThrownBy(() -> run(faulty, INSERT)).isInstanceOf(SQLException.class);

        assertThat(rows()).isEqualTo(1);
    }
    // endregion

    @Test
    void a_commit_of_unknown_outcome_has_happened() throws SQLException {
        faults.rates(0, 1).among("commit"::equals);
        try (Connection connection = faulty.getConnection()) {
            connection.setAutoCommit(false);
            run(connection, INSERT);

            assertThatThrownBy(connection::commit).isInstanceOf(SQLException.class);
        }
        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void only_calls_among_the_chosen_ones_break() throws SQLException {
        faults.rates(1, 0).among(sql -> sql.contains("select"));

        run(faulty, INSERT);

        assertThatThrownBy(() -> run(faulty, "select 1")).isInstanceOf(SQLException.class);
    }

    @Test
    void one_call_can_be_chosen_to_break_once() throws SQLException {
        faults.once(Fault.FAIL_BEFORE, "INTO written");

        run(faulty, "select 1");
        assertThatThrownBy(() -> run(faulty, INSERT)).isInstanceOf(SQLException.class);
        run(faulty, INSERT);

        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void a_parked_call_waits_before_it_reaches_the_database() throws Exception {
        CompletableFuture<Void> inserted;
        try (Parked parked = faults.park("INTO written")) {
            inserted = CompletableFuture.runAsync(() -> {
                try {
                    run(faulty, INSERT);
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(parked.awaitReached(Duration.ofSeconds(30))).isTrue();
            assertThat(rows()).isZero();
        }

        inserted.get(30, TimeUnit.SECONDS);
        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void the_same_seed_breaks_the_same_calls() {
        assertThat(faultsOf(7)).isEqualTo(faultsOf(7)).isNotEqualTo(faultsOf(8)).contains(Fault.EXECUTE_AND_FAIL);
    }

    @Test
    void the_connection_of_the_driver_can_be_reached_for_what_only_it_can_do() throws SQLException {
        try (Connection connection = faulty.getConnection()) {
            assertThat(connection.unwrap(PGConnection.class).getBackendPID()).isPositive();
            assertThat(connection.createStatement().getConnection()).isSameAs(connection);
        }
    }

    private static List<Fault> faultsOf(long seed) {
        Faults faults = Faults.seeded(seed).rate(0.5);
        var met = new ArrayList<Fault>();
        for (int i = 0; i < 100; i++) {
            try {
                met.add(faults.meet("select " + i));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        return met;
    }

    private int rows() {
        try (Connection connection = inner.getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("select count(*) from written")) {
            result.next();
            return result.getInt(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void run(DataSource database, String sql) throws SQLException {
        try (Connection connection = database.getConnection()) {
            run(connection, sql);
        }
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
