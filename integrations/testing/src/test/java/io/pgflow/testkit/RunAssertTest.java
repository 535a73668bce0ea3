package io.pgflow.testkit;

import static io.pgflow.testkit.Orders.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.executor.Run;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** What an assertion says of a run is so, and when it is not, the graph of the run is shown. */
@PgflowTest
class RunAssertTest {

    private static final StepKey<List<Integer>> DOUBLED = StepKey.listOf("doubled", Integer.class);

    private static final Workflow<List<Integer>, List<Integer>> DOUBLING = FlowBuilder.workflowOver(
                    "doubling", Integer.class)
            .map(DOUBLED, FlowBuilder.overInput(Integer.class), item -> item * 2)
            .returns(DOUBLED);

    private static final StepKey<Void> REST = StepKey.of("rest", Void.class);

    private static final Workflow<Integer, Void> RESTING = FlowBuilder.workflow("resting", Integer.class)
            .sleep(REST, FlowBuilder.after(), Duration.ofDays(1))
            .returns(REST);

    @Test
    void a_failure_shows_the_graph_with_states_attempts_and_errors(PgflowTestKit kit) {
        kit.with(ORDER).failAlways("charge");
        Run<String> run = kit.start(ORDER, 1);
        kit.runAll();

        assertThatThrownBy(() -> kit.assertThat(run).succeeded())
                .isInstanceOf(AssertionError.class)
                .hasMessage("""
                        the run should be SUCCEEDED, but is RUNNING
                        run %s of order, version 1: RUNNING
                          reserve               SUCCEEDED  1 attempt
                          charge <- reserve     RETRYING   1 attempt  due in PT5M  step charge was told to fail before its handler was called
                          gift <- reserve       SKIPPED
                          send <- charge, gift  PENDING""".formatted(run.id()));
    }

    @Test
    void a_run_that_failed_says_so_and_at_which_step(PgflowTestKit kit) {
        kit.with(ORDER).failAlways("charge");
        Run<String> run = kit.start(ORDER, 1);
        kit.runToEnd(run);

        kit.assertThat(run)
                .failed()
                .failedAt("charge")
                .step("charge")
                .failed()
                .failedWith("was told to fail")
                .step("send")
                .cancelled();
        refuses(() -> kit.assertThat(run).failedAt("reserve"), "should have failed at step reserve");
        refuses(() -> kit.assertThat(run).cancelled(), "should be CANCELLED, but is FAILED");
        refuses(() -> kit.assertThat(run).step("charge").failedWith("no money"), "\"no money\"");
        refuses(() -> kit.assertThat(run).step("charge").afterAttempts(2), "2 attempts, but had 3");
        refuses(() -> kit.assertThat(run).output("x"), "should be SUCCEEDED");
    }

    @Test
    void a_run_or_a_step_in_another_state_is_refused(PgflowTestKit kit) {
        kit.with(ORDER).failAlways("charge");
        Run<String> order = kit.start(ORDER, 1);
        kit.runAll();
        RunAssert<String> run = kit.assertThat(order);
        StepAssert<String> charge = run.running().step("charge").retrying();

        refuses(run::failed, "should be FAILED, but is RUNNING");
        refuses(run::pending, "should be PENDING, but is RUNNING");
        refuses(charge::succeeded, "charge should be SUCCEEDED, but is RETRYING");
        refuses(charge::failed, "charge should be FAILED, but is RETRYING");
        refuses(charge::skipped, "charge should be SKIPPED, but is RETRYING");
        refuses(charge::cancelled, "charge should be CANCELLED, but is RETRYING");
        refuses(charge::pending, "charge should be PENDING, but is RETRYING");
        refuses(charge::scheduled, "charge should be SCHEDULED, but is RETRYING");
        refuses(charge::running, "charge should be RUNNING, but is RETRYING");
        refuses(run.step("reserve").succeeded()::retrying, "reserve should be RETRYING, but is SUCCEEDED");
        refuses(() -> run.skipped("gift").skipped("send"), "send should be SKIPPED, but is PENDING");
        kit.runToEnd(order);
        refuses(kit.assertThat(order)::running, "should be RUNNING, but is FAILED");
    }

    @Test
    void a_step_waits_for_one_thing(PgflowTestKit kit) {
        Run<Void> run = kit.start(RESTING, 1);
        kit.runAll();

        kit.assertThat(run).step("rest").waitingFor("sleep");
        refuses(() -> kit.assertThat(run).step("rest").waitingFor("signal"), "rest should wait for signal");
    }

    @Test
    void outputs_are_compared_as_values_and_as_json(PgflowTestKit kit) {
        Run<List<Integer>> run = kit.start(DOUBLING, List.of(1, 2, 3));
        kit.runAll();

        kit.assertThat(run).output(List.of(2, 4, 6)).outputJson("[ 2,4, 6 ]");
        kit.assertThatRun(run.id()).outputJson("[2,4,6]");
        kit.assertThat(run)
                .step(DOUBLED)
                .succeeded()
                .item(1)
                .succeeded()
                .outputJson("4")
                .afterAttempts(1);
        refuses(() -> kit.assertThat(run).output(List.of(2)), "should have given [2], but gave [2, 4, 6]");
        refuses(() -> kit.assertThat(run).outputJson("[6,4,2]"), "should have given [6,4,2]");
        refuses(() -> kit.assertThat(run).step(DOUBLED).item(1).outputJson("5"), "doubled[1] should have given 5");
        refuses(() -> kit.assertThat(run).step(DOUBLED).item(3), "should have an item 3 of step doubled");
        assertThat(kit.assertThat(run).graph()).contains("    doubled[2]  SUCCEEDED  1 attempt");
    }

    @Test
    void what_there_is_not_is_named_with_what_may_be_meant(PgflowTestKit kit) {
        Run<String> run = kit.start(ORDER, 1);

        refuses(() -> kit.assertThat(run).step("chrage"), "should have a step chrage (did you mean \"charge\"?)");
        UUID unknown = UUID.randomUUID();
        assertThatThrownBy(() -> kit.assertThatRun(unknown))
                .isInstanceOf(AssertionError.class)
                .hasMessage("there is no run " + unknown);
    }

    @Test
    void tables_that_contradict_each_other_are_found(PgflowTestKit kit, DataSource database) throws Exception {
        Run<String> run = kit.start(ORDER, 1);
        kit.runAll();
        kit.verify();

        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("delete from pgflow.audit where seq = 2");
        }

        assertThatThrownBy(kit::verify)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("pgflow.verify() found:")
                .hasMessageContaining(run.id().toString());
    }

    private static void refuses(Runnable assertion, String message) {
        assertThatThrownBy(assertion::run)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(message)
                .hasMessageContaining(", version 1: ");
    }
}
