package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.event.EventType;
import io.pgflow.executor.Run;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of a task whose handler takes too long. */
class TimeoutsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    @Test
    void a_handler_that_takes_too_long_is_interrupted_and_tried_again() throws Exception {
        var interrupted = new CountDownLatch(1);
        Workflow<Object, Object> slow = Flow.of("slow", "work")
                .step("work", in -> {
                    if (in.context().attempt() == 1) {
                        try {
                            new CountDownLatch(1).await();
                        } catch (InterruptedException e) {
                            assertThat(in.context().isCancelled()).isTrue();
                            interrupted.countDown();
                            throw e;
                        }
                    }
                    return "\"second\"";
                })
                .options("work", step -> step.withTimeout(Duration.ofMillis(100)))
                .returns("work")
                .untyped();
        Pgflow pgflow = engines.start(slow);

        Run<Object> run = pgflow.executor().start(slow, null);

        assertThat(run.await(PATIENCE)).isEqualTo("second");
        assertThat(interrupted.await(1, TimeUnit.SECONDS)).isTrue();
        assertThat(pgflow.executor().events(run.id()))
                .filteredOn(event -> event.type() == EventType.TASK_RETRYING)
                .singleElement()
                .satisfies(event -> assertThat(event.detail().orElseThrow()).contains("PGF-RUN-011"));
    }

    @Test
    void a_run_fails_when_its_handler_takes_too_long_every_time() {
        Workflow<Object, Object> slow = Flow.of("slow", "work")
                .step("work", in -> String.valueOf(new CountDownLatch(1).await(1, TimeUnit.HOURS)))
                .options("work", step -> step.withTimeout(Duration.ofMillis(30)))
                .untyped();

        Run<Object> run = engines.start(slow).executor().start(slow, null);

        assertThatThrownBy(() -> run.await(PATIENCE))
                .hasMessageContaining("PGF-RUN-011")
                .hasMessageContaining("PT0.03S");
    }

    @Test
    void a_short_timeout_is_over_in_time_though_a_longer_one_began_before() throws Exception {
        var begun = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        Workflow<Object, Object> patient = Flow.oneStep("patient", Object.class, Object.class, in -> {
            begun.countDown();
            release.await();
            return "1";
        });
        Workflow<Object, Object> hasty = Flow.of("hasty", "work")
                .step("work", in -> String.valueOf(new CountDownLatch(1).await(1, TimeUnit.HOURS)))
                .options("work", step -> step.withTimeout(Duration.ofMillis(30)))
                .untyped();
        Pgflow pgflow = engines.start(patient, hasty);
        Run<Object> waiting = pgflow.executor().start(patient, null);
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

        Run<Object> failing = pgflow.executor().start(hasty, null);

        assertThatThrownBy(() -> failing.await(Duration.ofSeconds(30))).hasMessageContaining("PGF-RUN-011");
        release.countDown();
        waiting.await(PATIENCE);
    }

    @Test
    void a_handler_that_ignores_the_interrupt_keeps_its_slot_but_its_task_goes_on_elsewhere() throws Exception {
        var release = new CountDownLatch(1);
        BlockingQueue<Integer> attempts = new LinkedBlockingQueue<>();
        Workflow<Object, Object> deaf = Flow.of("deaf", "work")
                .step("work", in -> {
                    attempts.add(in.context().attempt());
                    if (in.context().attempt() == 1) {
                        awaitDeafly(release);
                    }
                    return String.valueOf(in.context().attempt());
                })
                .options("work", step -> step.withTimeout(Duration.ofMillis(200)))
                .returns("work")
                .untyped();
        Pgflow stuck = engines.start(Engines.settings().concurrency(1), deaf);
        Run<Object> run = stuck.executor().start(deaf, null);
        assertThat(attempts.poll(60, TimeUnit.SECONDS)).isEqualTo(1);

        Pgflow other = engines.start(deaf);

        assertThat(other.executor().attach(deaf, run.id()).await(PATIENCE)).isEqualTo(2);
        assertThat(stuck.worker().orElseThrow().status().busySlots()).isEqualTo(1);
        release.countDown();
        await().atMost(PATIENCE)
                .until(() -> stuck.worker().orElseThrow().status().busySlots() == 0);
        assertThat(run.snapshot().output()).contains("2");
        assertThat(engines.sql("select count(*) from pgflow.stale_reports")).containsExactly("0");
    }

    private static void awaitDeafly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                // deaf
            }
        }
    }
}
