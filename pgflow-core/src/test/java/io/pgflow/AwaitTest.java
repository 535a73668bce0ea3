package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.executor.AwaitTimeoutException;
import io.pgflow.executor.Run;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Waiting for the result of a run. */
@Tag("adversity")
class AwaitTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);
    private final Workflow<Object, Object> echo = Flow.oneStep("echo", Object.class, Object.class, in -> in.runInput());
    private final Workflow<Object, Object> held = Flow.of("held", "work -> after")
            .step("work", in -> {
                release.await();
                return "1";
            })
            .returns("after")
            .untyped();

    @Test
    void one_may_wait_for_ever() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "a").returns("a").untyped();
        Pgflow pgflow = engines.start(flow);

        assertThat(pgflow.executor().start(flow, 1).await(Duration.ofSeconds(Long.MAX_VALUE)))
                .isEqualTo("a");
    }

    @Test
    void awaiting_has_an_end_and_the_run_goes_on() throws Exception {
        Pgflow pgflow = engines.start(held);
        Run<Object> run = pgflow.executor().start(held, null);

        assertThatThrownBy(() -> run.await(Duration.ofMillis(20)))
                .isInstanceOfSatisfying(
                        AwaitTimeoutException.class, e -> assertThat(e.code()).isEqualTo(AwaitTimeoutException.CODE));
        release.countDown();

        assertThat(run.await(PATIENCE)).isEqualTo("after");
    }

    @Test
    void what_depends_on_a_result_may_wait_for_another_run() throws Exception {
        Pgflow pgflow = engines.start(echo);

        CompletableFuture<Object> chained = pgflow.executor()
                .start(echo, "first")
                .result()
                .thenApply(first -> outputOf(pgflow.executor().start(echo, first + ", second")));

        assertThat(chained.get(60, TimeUnit.SECONDS)).isEqualTo("first, second");
    }

    @Test
    void cancelling_one_who_waits_leaves_the_others_waiting() throws Exception {
        Pgflow pgflow = engines.start(held);
        Run<Object> run = pgflow.executor().start(held, null);
        CompletableFuture<Object> one = run.result();
        CompletableFuture<Object> two = pgflow.executor().attach(held, run.id()).result();

        one.cancel(true);
        release.countDown();

        assertThat(two.get(60, TimeUnit.SECONDS)).isEqualTo("after");
    }

    @Test
    void who_waits_when_the_engine_is_closed_is_told() throws Exception {
        Pgflow pgflow = engines.start();
        Run<Object> run = pgflow.executor().start(echo, null);
        CompletableFuture<Object> result = run.result();

        pgflow.close();

        assertThatThrownBy(() -> result.get(60, TimeUnit.SECONDS)).isInstanceOf(Exception.class);
        assertThat(result).isCompletedExceptionally();
        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOf(IllegalStateException.class);
    }

    private static Object outputOf(Run<Object> run) {
        try {
            return run.await(PATIENCE);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
