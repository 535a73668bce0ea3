package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.audit.AuditNote;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.Signal;
import io.pgflow.executor.SignalOutcome;
import io.pgflow.executor.TaskSnapshot;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.workflow.Action;
import io.pgflow.workflow.Condition;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepOptions;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Steps that wait without a worker: seen through the library. */
@Tag("adversity")
class WaitingStepsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    @Test
    void a_step_goes_on_when_its_sleep_is_over_and_no_sooner() throws Exception {
        Workflow<Object, Object> flow = waiting(Action.Sleep.of(Duration.ofMillis(300)), StepOptions.DEFAULT);
        Pgflow pgflow = engines.start(flow);

        Run<Object> run = pgflow.executor().start(flow, Map.of());
        run.await(PATIENCE);

        TaskSnapshot nap = task(pgflow, run, "wait");
        assertThat(nap.kind()).isEqualTo("sleep");
        assertThat(nap.handler()).isEmpty();
        assertThat(Duration.between(nap.startedAt().orElseThrow(), nap.endedAt().orElseThrow()))
                .isBetween(Duration.ofMillis(299), PATIENCE);
    }

    @Test
    void a_step_sleeps_until_the_time_that_stands_in_the_input() throws Exception {
        Workflow<Object, Object> flow = waiting(Action.Sleep.until(Condition.input("/until")), StepOptions.DEFAULT);
        Pgflow pgflow = engines.start(flow);
        Instant later = Instant.now().plus(Duration.ofDays(3));

        Run<Object> run = pgflow.executor().start(flow, Map.of("until", later));
        await().until(() -> task(pgflow, run, "wait").deferred().isPresent());

        assertThat(task(pgflow, run, "wait").dueAt().orElseThrow())
                .isBetween(later.minusMillis(1), later.plusMillis(1));
        assertThat(pgflow.executor().start(flow, Map.of("until", Instant.EPOCH)).await(PATIENCE))
                .isEqualTo("done");
    }

    @Test
    void a_signal_ends_the_wait_and_brings_the_output() throws Exception {
        Workflow<Object, Object> flow = waiting(Action.AwaitSignal.of("paid"), StepOptions.DEFAULT);
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, Map.of());
        await().until(() -> task(pgflow, run, "wait").deferred().equals(Optional.of("signal")));
        Signal paid = Signal.of(run.id(), "paid")
                .withPayload(Map.of("cents", 7))
                .withId("bank-17")
                .withActor("bank");

        assertThat(pgflow.executor().signal(paid)).isEqualTo(SignalOutcome.DELIVERED);
        run.await(PATIENCE);

        assertThat(task(pgflow, run, "wait").output()).contains("{\"cents\": 7}");
        assertThat(pgflow.executor().signal(paid)).isEqualTo(SignalOutcome.REPEATED);
        assertThat(pgflow.executor().signal(paid.withId("bank-18"))).isEqualTo(SignalOutcome.RUN_ENDED);
        assertThat(pgflow.executor().signal(Signal.of(UUID.randomUUID(), "paid")))
                .isEqualTo(SignalOutcome.UNKNOWN_RUN);
    }

    @Test
    void a_signal_that_comes_early_is_kept() throws Exception {
        Workflow<Object, Object> flow = waiting(Action.AwaitSignal.of("paid"), StepOptions.DEFAULT);
        Run<Object> run = engines.start().executor().start(flow, Map.of());

        assertThat(engines.start().executor().signal(Signal.of(run.id(), "other")))
                .isEqualTo(SignalOutcome.KEPT);
        engines.start().executor().signal(Signal.of(run.id(), "paid"));

        assertThat(engines.start(flow).executor().attach(flow, run.id()).await(PATIENCE))
                .isEqualTo("done");
    }

    @Test
    void a_signal_in_the_callers_transaction_is_sent_with_its_commit() throws Exception {
        Workflow<Object, Object> flow = waiting(Action.AwaitSignal.of("paid"), StepOptions.DEFAULT);
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, Map.of());
        await().until(() -> task(pgflow, run, "wait").deferred().isPresent());

        try (Connection connection = engines.database().getConnection()) {
            connection.setAutoCommit(false);
            pgflow.executor().signal(connection, Signal.of(run.id(), "paid"));
            connection.rollback();
            assertThat(task(pgflow, run, "wait").state()).isEqualTo(TaskState.RUNNING);

            pgflow.executor().signal(connection, Signal.of(run.id(), "paid"));
            connection.commit();
        }

        assertThat(run.await(PATIENCE)).isEqualTo("done");
    }

    @Test
    void a_signal_that_does_not_come_in_time_fails_the_run_and_says_so() {
        Workflow<Object, Object> flow =
                waiting(Action.AwaitSignal.of("paid").within(Duration.ofMillis(50)), StepOptions.DEFAULT);

        Run<Object> run = engines.start(flow).executor().start(flow, Map.of());

        assertThatThrownBy(() -> run.await(PATIENCE))
                .isInstanceOfSatisfying(
                        RunEndedException.class,
                        e -> assertThat(e.errorJson().orElseThrow()).contains("PGF-RUN-013"));
    }

    @Test
    void or_the_run_goes_on_with_what_the_step_has_for_that() throws Exception {
        Workflow<Object, Object> flow = waiting(
                Action.AwaitSignal.of("paid").within(Duration.ofMillis(50)),
                StepOptions.DEFAULT.withOnFailure(OnFailure.fallBackTo("late")));
        Pgflow pgflow = engines.start(flow);

        Run<Object> run = pgflow.executor().start(flow, Map.of());
        run.await(PATIENCE);

        assertThat(task(pgflow, run, "wait").output()).contains("\"late\"");
    }

    @Test
    void a_wait_outlives_every_process() throws Exception {
        Workflow<Object, Object> flow = waiting(Action.AwaitSignal.of("paid"), StepOptions.DEFAULT);
        Pgflow first = engines.start(flow);
        Run<Object> run = first.executor().start(flow, Map.of());
        await().until(() -> task(first, run, "wait").deferred().isPresent());
        first.close();

        Pgflow second = engines.start(flow);
        second.executor().signal(Signal.of(run.id(), "paid"));

        assertThat(second.executor().attach(flow, run.id()).await(PATIENCE)).isEqualTo("done");
    }

    @Test
    void a_person_can_skip_a_step_that_waits() throws Exception {
        Workflow<Object, Object> flow = waiting(Action.Sleep.of(Duration.ofDays(9)), StepOptions.DEFAULT);
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, Map.of());
        await().until(() -> task(pgflow, run, "wait").deferred().isPresent());

        assertThat(pgflow.executor().skip(run.id(), "wait", AuditNote.by("ada", "long enough")))
                .isTrue();

        assertThat(run.await(PATIENCE)).isEqualTo("done");
    }

    @Test
    void what_is_no_signal_is_refused() {
        Pgflow pgflow = engines.start();
        Signal signal = Signal.of(UUID.randomUUID(), "paid");

        assertThatThrownBy(() -> Signal.of(UUID.randomUUID(), "Paid")).hasMessageContaining("no name for a signal");
        assertThatThrownBy(() -> signal.withId(" ")).hasMessageContaining("200");
        assertThatThrownBy(() -> pgflow.executor().signal(signal.withPayload("x".repeat(2_000_000))))
                .isInstanceOf(InvalidPayloadException.class);
    }

    /** A step that waits, and one with a handler after it. */
    private static Workflow<Object, Object> waiting(Action action, StepOptions options) {
        var wait = StepDefinition.of("wait", action).withOptions(options);
        var last = StepDefinition.of("last", "flow.last").withAfter("wait");
        var definition = new WorkflowDefinition("flow", List.of(wait, last), Optional.of("last"));
        TaskHandler done = in -> "\"done\"";
        return Workflow.of(definition, Object.class, Object.class, Map.of("flow.last", done));
    }

    private static TaskSnapshot task(Pgflow pgflow, Run<?> run, String step) {
        return pgflow.executor().tasks(run.id()).stream()
                .filter(task -> task.step().equals(step))
                .findFirst()
                .orElseThrow();
    }
}
