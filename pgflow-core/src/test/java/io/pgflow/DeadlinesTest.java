package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.StartRefusedException;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.testing.MovableClock;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.TaskInput;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of runs and steps that have not ended when they must have. */
@Tag("adversity")
class DeadlinesTest {

    private static final Duration SOON = Duration.ofMillis(200);
    /** Long enough for a handler to begin, and shorter than what a worker may be silent. */
    private static final Duration AFTER = Duration.ofSeconds(20);

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final MovableClock clock = new MovableClock();

    @Test
    void a_run_that_misses_its_deadline_fails_and_its_handlers_are_interrupted() throws Exception {
        Workflow<Object, Object> endless = Flow.of("endless", "work -> rest")
                .step("work", this::untilInterrupted)
                .untyped();
        Pgflow pgflow = start(endless);
        Run<Object> run =
                pgflow.executor().start(endless, null, StartOptions.none().deadline(AFTER));
        assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();

        clock.passes(AFTER);

        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOfSatisfying(RunEndedException.class, e -> {
            assertThat(e.code()).isEqualTo(RunEndedException.LATE);
            assertThat(e.errorJson().orElseThrow()).contains("PGF-RUN-040");
        });
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(pgflow.executor().tasks(run.id()))
                .allSatisfy(task -> assertThat(task.state()).isEqualTo(TaskState.CANCELLED));
    }

    @Test
    void a_workflow_gives_its_runs_a_deadline_and_a_start_may_give_another_one() throws Exception {
        var open = new CountDownLatch(1);
        WorkflowDefinition patient = Flow.of("patient", "work").definition();
        WorkflowDefinition hasty =
                new WorkflowDefinition("hasty", patient.steps(), Optional.empty(), Optional.of(SOON));
        Workflow<Object, Object> flow = Workflow.of(
                hasty,
                Object.class,
                Object.class,
                Map.of("patient.work", in -> String.valueOf(open.await(1, TimeUnit.HOURS))));
        Pgflow pgflow = engines.start(flow);

        Run<Object> usual = pgflow.executor().start(flow, null);
        Run<Object> longer =
                pgflow.executor().start(flow, null, StartOptions.none().deadline(Duration.ofHours(1)));

        assertThatThrownBy(() -> usual.await(PATIENCE)).hasMessageContaining("PGF-RUN-040");
        open.countDown();
        assertThat(longer.await(PATIENCE)).isNull();
    }

    @Test
    void a_step_that_misses_its_deadline_while_it_runs_is_interrupted_and_its_fallback_stands_in() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "work")
                .step("work", this::untilInterrupted)
                .options("work", step -> step.withDeadline(AFTER).withOnFailure(OnFailure.fallBackTo("plan b")))
                .returns("work")
                .untyped();

        Run<Object> run = start(flow).executor().start(flow, null);
        assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();

        clock.passes(AFTER);

        assertThat(run.await(PATIENCE)).isEqualTo("plan b");
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_step_that_no_worker_takes_in_time_fails_its_run() {
        Workflow<Object, Object> nobodys = Workflow.of(Flow.of("nobodys", "work")
                .options("work", step -> step.withDeadline(SOON))
                .definition());

        Run<Object> run = engines.start().executor().start(nobodys, null);

        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOfSatisfying(RunEndedException.class, e -> {
            assertThat(e.code()).isEqualTo(RunEndedException.FAILED);
            assertThat(e).hasMessageContaining("PGF-RUN-041");
        });
    }

    @Test
    void a_run_that_ends_in_time_is_not_touched() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "work")
                .options("work", step -> step.withDeadline(Duration.ofHours(1)))
                .returns("work")
                .untyped();
        Pgflow pgflow = engines.start(flow);

        Run<Object> run =
                pgflow.executor().start(flow, null, StartOptions.none().deadline(Duration.ofHours(1)));

        assertThat(run.await(PATIENCE)).isEqualTo("work");
    }

    @Test
    void a_deadline_of_no_length_is_refused() {
        assertThatThrownBy(() -> StartOptions.none().deadline(Duration.ZERO))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("PGF-RUN-004");
    }

    private Pgflow start(Workflow<?, ?> flow) {
        return engines.closeLater(Pgflow.on(clock.over(engines.pool()))
                .settings(Engines.settings().expiresAfter(Duration.ofMinutes(5)).build())
                .with(flow)
                .start());
    }

    private String untilInterrupted(TaskInput in) throws InterruptedException {
        running.countDown();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            interrupted.countDown();
            throw e;
        }
        return "1";
    }
}
