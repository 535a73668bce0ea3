package io.pgflow.testkit;

import static io.pgflow.testkit.Orders.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.embedded.TestDatabases;
import io.pgflow.executor.Run;
import io.pgflow.faults.Fault;
import io.pgflow.faults.Parked;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.state.RunState;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes wrong on demand goes wrong once, as asked for, and the engine gets over it. */
@PgflowTest
class FaultsTest {

    private static final StepKey<Integer> BOOK = StepKey.of("book", Integer.class);

    private static final Workflow<Integer, Integer> LEDGER = FlowBuilder.workflow("ledger", Integer.class)
            .transactional(BOOK, (in, connection) -> {
                try (Statement statement = connection.createStatement()) {
                    return statement.executeUpdate("insert into ledger values (" + in.input() + ")");
                }
            })
            .returns(BOOK);

    @AfterEach
    void nothing_is_wrong_with_the_tables(PgflowTestKit kit) {
        kit.verify();
    }

    @Test
    void a_step_that_is_told_to_fail_fails_without_its_handler(PgflowTestKit kit) {
        kit.with(ORDER).failTimes("charge", 2);
        Run<String> run = kit.start(ORDER, 1);

        kit.runAll();
        assertThat(kit.callsOf("charge")).isZero();
        kit.runToEnd(run);

        kit.assertThat(run).succeeded().step("charge").afterAttempts(3);
        assertThat(kit.callsOf("charge")).isOne();
    }

    @Test
    void an_engine_that_is_killed_while_it_closes_has_a_successor() throws Exception {
        var entered = new CountDownLatch(1);
        StepKey<String> stuck = StepKey.of("stuck", String.class);
        Workflow<String, String> waiting = FlowBuilder.workflow("waiting", String.class)
                .step(stuck, in -> {
                    entered.countDown();
                    new CountDownLatch(1).await();
                    return "";
                })
                .returns(stuck);
        try (PgflowTestKit kit = PgflowTestKit.embedded(settings -> settings.stopGrace(Duration.ofMillis(10)))) {
            kit.with(waiting);
            kit.start(waiting, "");
            kit.runInBackground();
            entered.await();
            kit.crashBefore(Call.RELEASE);

            Run<String> run = kit.start(ORDER, 1); // the engine begins anew with another workflow
            kit.runToEnd(run);

            kit.assertThat(run).succeeded();
            assertThat(kit.crashes()).isOne();
        }
    }

    @Test
    void a_step_that_is_told_to_fail_afterwards_has_called_its_handler(PgflowTestKit kit) {
        kit.with(ORDER).failAfter("charge");
        Run<String> run = kit.start(ORDER, 1);

        kit.runAll();
        kit.assertThat(run).step("charge").retrying();
        assertThat(kit.callsOf("charge")).isOne();
        kit.runToEnd(run);

        kit.assertThat(run).succeeded().step("charge").afterAttempts(2);
        assertThat(kit.callsOf("charge")).isEqualTo(2);
    }

    @Test
    void a_step_that_always_fails_does_so_until_it_is_healed(PgflowTestKit kit) {
        kit.with(ORDER).failAlways("charge");
        Run<String> run = kit.start(ORDER, 1);
        kit.runAll();
        kit.advance(Duration.ofMinutes(5));
        kit.runAll();
        kit.assertThat(run).step("charge").retrying().afterAttempts(2);

        kit.heal().runToEnd(run);

        kit.assertThat(run).succeeded().step("charge").afterAttempts(3);
    }

    @Test
    void a_step_that_no_workflow_has_cannot_be_told_anything(PgflowTestKit kit) {
        kit.with(ORDER);

        assertThatThrownBy(() -> kit.failOnce("chrage"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("did you mean \"charge\"?");
    }

    @Test
    void a_step_that_is_delivered_twice_is_called_twice_and_its_first_report_changes_nothing(PgflowTestKit kit)
            throws Exception {
        var outputs = new ArrayList<Integer>();
        Workflow<Integer, Integer> counting = FlowBuilder.workflow("counting", Integer.class)
                .step(BOOK, in -> {
                    outputs.add(outputs.size() + 1);
                    return outputs.size();
                })
                .returns(BOOK);
        kit.with(counting).deliverTwice("book");
        Run<Integer> run = kit.start(counting, 1);

        kit.runAll();

        assertThat(outputs).containsExactly(1, 2);
        kit.assertThat(run).output(2).step("book").afterAttempts(1);
        assertThat(count(kit.dataSource(), "select count(*) from pgflow.stale_reports"))
                .isOne();
    }

    @Test
    void a_transactional_step_that_is_delivered_twice_writes_once(PgflowTestKit kit, DataSource database)
            throws Exception {
        execute(database, "create table ledger (amount int)");
        kit.with(LEDGER).deliverTwice("book");
        Run<Integer> run = kit.start(LEDGER, 5);

        kit.runAll();

        kit.assertThat(run).succeeded();
        assertThat(kit.callsOf("book")).isEqualTo(2);
        assertThat(count(database, "select count(*) from ledger")).isOne();
    }

    @Test
    void a_call_that_is_parked_is_held_until_it_is_let_go(PgflowTestKit kit) throws Exception {
        kit.with(ORDER).runInBackground();
        Run<String> run;
        try (Parked parked = kit.park(Call.COMPLETE)) {
            run = kit.start(ORDER, 1);
            assertThat(parked.awaitReached(Duration.ofSeconds(60))).isTrue();
            kit.assertThat(run).step("reserve").running();
        }

        assertThat(run.await(Duration.ofSeconds(60))).startsWith("paid");
    }

    @Test
    void a_call_that_is_parked_when_the_kit_is_closed_goes_on() throws Exception {
        DataSource database = TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow");
        try (PgflowTestKit kit = PgflowTestKit.on(database)) {
            kit.with(ORDER).runInBackground();
            Parked parked = kit.park(Call.COMPLETE);
            kit.start(ORDER, 1);
            assertThat(parked.awaitReached(Duration.ofSeconds(60))).isTrue();
        }

        assertThat(count(database, "select count(*) from pgflow.tasks where step = 1 and state = 'SUCCEEDED'"))
                .isOne();
        TestDatabases.drop(database);
    }

    @Test
    void what_has_not_gone_wrong_yet_does_not_once_it_is_healed(PgflowTestKit kit) {
        kit.with(ORDER).failOnce("charge").breakBefore(Call.CLAIM).breakAfter(Call.COMPLETE);
        kit.crashAfter(Call.COMPLETE);
        Run<String> run = kit.heal().start(ORDER, 1);

        kit.runAll();

        kit.assertThat(run).succeeded().step("charge").afterAttempts(1);
        assertThat(kit.faults().count(Fault.FAIL_BEFORE)).isZero();
        assertThat(kit.faults().count(Fault.EXECUTE_AND_FAIL)).isZero();
        assertThat(kit.crashes()).isZero();
    }

    @Test
    void a_call_that_the_test_makes_is_no_place_for_the_engine_to_end(PgflowTestKit kit) {
        for (Call call : List.of(Call.START, Call.SIGNAL, Call.CANCEL)) {
            assertThatThrownBy(() -> kit.crashAfter(call))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("COMPLETE");
        }
    }

    @Test
    void the_handle_of_a_run_outlives_the_engine_that_gave_it(PgflowTestKit kit) {
        kit.with(ORDER).crashAfter(Call.COMPLETE);
        Run<String> run = kit.start(ORDER, 1);

        kit.runAll();
        assertThat(kit.crashes()).isOne();

        assertThat(run.snapshot().state()).isEqualTo(RunState.SUCCEEDED);
        assertThat(kit.callsOf("reserve")).as("it had been reported").isOne();
    }

    @Test
    void every_call_is_a_function_of_the_schema(DataSource database) throws Exception {
        for (Call call : Call.values()) {
            assertThat(count(
                            database,
                            "select count(*) from pg_proc where pronamespace = 'pgflow'::regnamespace and proname = '"
                                    + call.function() + "'"))
                    .as(call.name())
                    .isEqualTo(call == Call.COMMIT ? 0 : 1);
        }
    }

    private static void execute(DataSource database, String sql) throws Exception {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static long count(DataSource database, String sql) throws Exception {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
