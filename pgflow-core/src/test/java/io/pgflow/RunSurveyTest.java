package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.pgflow.audit.AuditNote;
import io.pgflow.event.EventType;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.StartOptions;
import io.pgflow.operation.BulkOutcome;
import io.pgflow.operation.MatchingRuns;
import io.pgflow.operation.MovePlan;
import io.pgflow.operation.Operations;
import io.pgflow.operation.RunSelection;
import io.pgflow.operation.TaskName;
import io.pgflow.operation.WaitReason;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Looking before one leaps: why a task waits, how many runs, what a move means. */
class RunSurveyTest {

    private static final AuditNote NOTE = AuditNote.by("ada", "enough");

    @RegisterExtension
    final Engines engines = new Engines();

    private final AtomicBoolean works = new AtomicBoolean();

    private final Workflow<Object, Object> picky = Flow.oneStep("picky", Object.class, Object.class, in -> {
        if (!works.get()) {
            throw new IllegalStateException("not yet");
        }
        return in.runInput();
    });

    @Test
    void a_task_says_why_it_is_not_running() {
        Pgflow pgflow = engines.start();
        Workflow<Object, Object> chain = Workflow.of(Flow.of("chain", "a -> b").definition());
        UUID runId = pgflow.executor().start(chain, 1).id();

        // region why
        Operations operations = pgflow.executor().operations();
        List<WaitReason> reasons = operations.whyNotRunning(TaskName.of(runId, "b"));
        // endregion

        assertThat(reasons).singleElement().satisfies(reason -> {
            assertThat(reason.code()).isEqualTo("parents");
            assertThat(reason.words()).isEqualTo("it waits for a (SCHEDULED)");
            assertThat(reason.detail().orElseThrow()).contains("\"step\": \"a\"");
        });
        assertThat(operations.whyNotRunning(TaskName.of(runId, "a")))
                .extracting(WaitReason::code)
                .containsExactly("no_worker", "queue");
        assertThat(operations.whyNotRunning(TaskName.of(runId, "a").item(0)))
                .extracting(WaitReason::code)
                .containsExactly("unknown");
    }

    @Test
    void many_runs_are_counted_first_and_then_cancelled() {
        Pgflow pgflow = engines.start();
        Workflow<Object, Object> echo = Workflow.of(Flow.of("echo", "work").definition());
        pgflow.executor().startAll(echo, List.of(1, 2, 3), StartOptions.none().label("tenant", "a"));
        Run<Object> other = pgflow.executor().start(echo, 4);

        // region bulk
        MatchingRuns stuck = pgflow.executor()
                .operations()
                .matching(RunSelection.all()
                        .workflow("echo")
                        .state(RunState.RUNNING)
                        .label("tenant", "a")
                        .createdFrom(Instant.now().minus(Duration.ofDays(1))));
        Map<RunState, Long> count = stuck.count();
        BulkOutcome outcome = stuck.cancel(AuditNote.by("ada", "tenant a has left"));
        // endregion

        assertThat(count).containsExactly(entry(RunState.RUNNING, 3L));
        assertThat(outcome).isEqualTo(new BulkOutcome(3, 3));
        assertThat(stuck.count()).isEmpty();
        assertThat(other.snapshot().state()).isEqualTo(RunState.RUNNING);
    }

    @Test
    void many_runs_are_retried() throws Exception {
        Pgflow pgflow = engines.start(picky);
        List<Run<Object>> runs = pgflow.executor().startAll(picky, List.<Object>of(1, 2, 3, 4), StartOptions.none());
        for (Run<Object> run : runs) {
            assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOf(RunEndedException.class);
        }
        works.set(true);

        BulkOutcome outcome = pgflow.executor()
                .operations()
                .matching(RunSelection.all().workflow("picky"))
                .retry(NOTE);

        assertThat(outcome).isEqualTo(new BulkOutcome(4, 4));
        for (int i = 0; i < runs.size(); i++) {
            assertThat(runs.get(i).await(PATIENCE)).isEqualTo(i + 1);
        }
    }

    @Test
    void a_running_run_moves_to_a_newer_version_after_a_look_at_the_plan() throws Exception {
        Workflow<Object, Object> old =
                Workflow.of(Flow.of("flow", "a -> b").returns("b").definition());
        Workflow<Object, Object> newer = Flow.of("flow", "a -> x -> b")
                .step("b", in -> "[" + in.output("x") + "]")
                .returns("b")
                .untyped();
        Pgflow starting = engines.start();
        UUID runId = starting.executor().start(old, 1).id();
        int version = starting.executor().define(newer);

        // region move
        Operations operations = starting.executor().operations();
        MovePlan plan = operations.planMove(runId, version);
        if (plan.isPossible()) {
            operations.move(runId, version, AuditNote.by("ada", "step x was forgotten"));
        }
        // endregion

        assertThat(plan.steps())
                .extracting(step -> step.name() + " " + step.fate())
                .containsExactlyInAnyOrder("a STAYS", "x NEW", "b WAITS");
        engines.start(newer);
        assertThat(starting.executor().attach(newer, runId).await(PATIENCE)).isEqualTo(List.of("x"));
        assertThat(starting.executor().events(runId))
                .filteredOn(event -> event.type() == EventType.WORKFLOW_MOVED)
                .hasSize(1);
        assertThat(operations.move(runId, version, NOTE)).containsExactly("the run has ended: SUCCEEDED");
        assertThat(operations.planMove(runId, 99).refusals()).containsExactly("the run has ended: SUCCEEDED");
        assertThat(operations.planMove(UUID.randomUUID(), version).isPossible()).isFalse();
    }

    @Test
    void a_run_is_exported_as_json() throws Exception {
        works.set(true);
        Pgflow pgflow = engines.start(picky);
        Run<Object> run = pgflow.executor().start(picky, 7);
        run.await(PATIENCE);

        String document = pgflow.executor().operations().export(run.id()).orElseThrow();

        assertThat(document)
                .startsWith("{\"format\" : \"pgflow-run-1\"")
                .contains(run.id().toString());
        assertThat(pgflow.executor().operations().export(UUID.randomUUID())).isEmpty();
    }
}
