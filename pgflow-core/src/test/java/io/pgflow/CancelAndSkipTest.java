package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.audit.AuditNote;
import io.pgflow.executor.CancelOutcome;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.StartOptions;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Ending runs, and leaving out steps, by a decision of a person. */
@Tag("adversity")
class CancelAndSkipTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final Workflow<Object, Object> echo = Flow.oneStep("echo", Object.class, Object.class, in -> in.runInput());

    @Test
    void a_delayed_run_can_be_cancelled_before_it_begins() {
        Pgflow pgflow = engines.start(echo);
        Run<Object> run = pgflow.executor().start(echo, 1, StartOptions.none().delay(Duration.ofDays(1)));

        assertThat(run.snapshot().state()).isEqualTo(RunState.PENDING);
        assertThat(run.cancel("changed my mind")).isEqualTo(CancelOutcome.CANCELLED);
        assertThat(run.snapshot().state()).isEqualTo(RunState.CANCELLED);
    }

    @Test
    void cancelling_interrupts_handlers_here_and_elsewhere() throws Exception {
        var interrupted = new CountDownLatch(2);
        var running = new CountDownLatch(2);
        Workflow<Object, Object> endless = Flow.of("endless", "left, right -> join")
                .step("left", in -> sleepUntil(running, interrupted))
                .step("right", in -> sleepUntil(running, interrupted))
                .untyped();
        Pgflow here = engines.start(Engines.settings().concurrency(1), endless);
        engines.start(Engines.settings().concurrency(1), endless);
        Run<Object> run = here.executor().start(endless, null);
        assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();

        List<CancelOutcome> outcomes = here.executor()
                .cancel(List.of(run.id(), UUID.randomUUID()), AuditNote.by("tester", "no longer wanted"));

        assertThat(outcomes).containsExactly(CancelOutcome.CANCELLED, CancelOutcome.UNKNOWN);
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOfSatisfying(RunEndedException.class, e -> {
            assertThat(e.code()).isEqualTo(RunEndedException.CANCELLED);
            assertThat(e.state()).isEqualTo(RunState.CANCELLED);
        });
        assertThat(here.executor().tasks(run.id()))
                .allSatisfy(task -> assertThat(task.state()).isEqualTo(TaskState.CANCELLED));
        assertThat(here.executor().events(run.id()))
                .filteredOn(event -> event.step().isEmpty() && event.actor().isPresent())
                .singleElement()
                .satisfies(event -> assertThat(event.detail().orElseThrow()).contains("no longer wanted"));
        assertThat(run.cancel("again")).isEqualTo(CancelOutcome.ALREADY_CANCELLED);
    }

    @Test
    void a_run_that_has_ended_cannot_be_cancelled() throws Exception {
        Pgflow pgflow = engines.start(echo);
        Run<Object> run = pgflow.executor().start(echo, 1);
        run.await(PATIENCE);

        assertThat(run.cancel("too late")).isEqualTo(CancelOutcome.ALREADY_ENDED);
        assertThat(run.snapshot().state()).isEqualTo(RunState.SUCCEEDED);
    }

    @Test
    void a_skipped_step_gives_null_and_what_depends_on_it_goes_on() throws Exception {
        Workflow<Object, Object> optional = Flow.of("optional", "extra -> last")
                .step("last", in -> "[" + in.output("extra") + "]")
                .returns("last")
                .untyped();
        Workflow<Object, Object> withoutHandler =
                Workflow.of(Flow.of("optional", "extra -> last").returns("last").definition());
        Pgflow starting = engines.start();
        Run<Object> run = starting.executor().start(withoutHandler, null);

        assertThat(starting.executor().skip(run.id(), "extra", AuditNote.by("tester", "not needed")))
                .isTrue();
        assertThat(starting.executor().skip(run.id(), "extra", AuditNote.by("tester", "again")))
                .isFalse();
        engines.start(optional);

        assertThat(run.await(PATIENCE)).isEqualTo(Collections.singletonList(null));
    }

    private static String sleepUntil(CountDownLatch running, CountDownLatch interrupted) throws InterruptedException {
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
