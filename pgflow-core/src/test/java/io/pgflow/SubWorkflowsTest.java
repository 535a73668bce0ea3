package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.CancelOutcome;
import io.pgflow.executor.ParentTask;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.testing.MovableClock;
import io.pgflow.workflow.Action;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Steps that run another workflow, through the library. */
@Tag("adversity")
class SubWorkflowsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    @Test
    void a_step_gives_what_the_other_workflow_returns_and_both_know_each_other() throws Exception {
        Workflow<Object, Object> child =
                Flow.oneStep("child", Object.class, Object.class, in -> "[" + in.runInput() + "]");
        Workflow<Object, Object> parent = parent(Action.SubWorkflow.of("child"));
        Pgflow pgflow = engines.start(child, parent);

        Run<Object> run = pgflow.executor().start(parent, 7);

        assertThat(run.await(PATIENCE)).isEqualTo(List.of(7));
        UUID started = pgflow.executor().tasks(run.id()).get(0).childRunId().orElseThrow();
        assertThat(pgflow.executor().find(started).orElseThrow().parent())
                .contains(new ParentTask(run.id(), "sub", OptionalInt.empty()));
        assertThat(pgflow.executor().find(run.id()).orElseThrow().parent()).isEmpty();
    }

    @Test
    void a_map_runs_the_other_workflow_for_each_item() throws Exception {
        Workflow<Object, Object> child = Flow.oneStep("child", Object.class, Object.class, in -> in.runInput());
        Action action = Action.SubWorkflow.of("child").input("{\"n\": {\"$from\": \"$item\"}}");
        Workflow<Object, Object> parent =
                untyped(StepDefinition.of("sub", action).withOver("$input"));
        Pgflow pgflow = engines.start(child, parent);

        assertThat(pgflow.executor().start(parent, List.of(1, 2)).await(PATIENCE))
                .isEqualTo(List.of(Map.of("n", 1), Map.of("n", 2)));
    }

    @Test
    void its_failure_goes_up() {
        Workflow<Object, Object> child = Flow.oneStep("child", Object.class, Object.class, in -> {
            throw new NonRetryableException("no luck");
        });
        Workflow<Object, Object> parent = parent(Action.SubWorkflow.of("child"), 1);
        Pgflow pgflow = engines.start(child, parent);

        Run<Object> run = pgflow.executor().start(parent, 7);

        assertThatThrownBy(() -> run.await(PATIENCE))
                .isInstanceOfSatisfying(
                        RunEndedException.class,
                        e -> assertThat(e.errorJson().orElseThrow()).contains("PGF-RUN-024", "no luck"));
    }

    @Test
    void cancelling_goes_down_and_interrupts_handlers() throws Exception {
        var begun = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        Workflow<Object, Object> child = Flow.oneStep("child", Object.class, Object.class, in -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
            return "1";
        });
        Workflow<Object, Object> parent = parent(Action.SubWorkflow.of("child"));
        Pgflow pgflow = engines.start(child, parent);
        Run<Object> run = pgflow.executor().start(parent, 7);
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        UUID started = pgflow.executor().tasks(run.id()).get(0).childRunId().orElseThrow();

        assertThat(pgflow.executor().cancel(run.id(), "enough")).isEqualTo(CancelOutcome.CANCELLED);

        await().until(() -> pgflow.executor().find(started).orElseThrow().state() == RunState.CANCELLED);
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_step_that_waits_too_long_for_its_run_fails_and_takes_the_run_with_it() throws Exception {
        Workflow<Object, Object> child = Workflow.of(Flow.of("child", "work").definition());
        StepDefinition step = StepDefinition.of("sub", Action.SubWorkflow.of("child"));
        Workflow<Object, Object> parent =
                untyped(step.withOptions(step.options().withDeadline(Duration.ofMinutes(10))));
        var clock = new MovableClock();
        Pgflow pgflow = engines.closeLater(Pgflow.on(clock.over(engines.pool()))
                .settings(Engines.settings().build())
                .start());
        pgflow.executor().define(child);
        Run<Object> run = pgflow.executor().start(parent, 7);
        UUID started = await().atMost(PATIENCE)
                .until(() -> pgflow.executor().tasks(run.id()).get(0).childRunId(), Optional::isPresent)
                .orElseThrow();

        clock.passes(Duration.ofMinutes(11));

        assertThatThrownBy(() -> run.await(PATIENCE)).hasMessageContaining("PGF-RUN-041");
        await().atMost(PATIENCE)
                .until(() -> pgflow.executor().find(started).orElseThrow().state() == RunState.CANCELLED);
    }

    private static Workflow<Object, Object> parent(Action action) {
        return parent(action, 3);
    }

    private static Workflow<Object, Object> parent(Action action, int maxAttempts) {
        StepDefinition step = StepDefinition.of("sub", action);
        return untyped(step.withOptions(step.options().withRetry(Flow.SOON.withMaxAttempts(maxAttempts))));
    }

    private static Workflow<Object, Object> untyped(StepDefinition step) {
        return Workflow.of(new WorkflowDefinition("parent", List.of(step), Optional.of("sub")));
    }
}
