package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.event.Event;
import io.pgflow.event.EventType;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.TaskSnapshot;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.RetryAfterException;
import io.pgflow.workflow.RetryPolicy;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a task whose handler does not return. */
class FailuresTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final AtomicInteger calls = new AtomicInteger();

    @Test
    void a_handler_that_fails_is_tried_again_after_a_growing_delay() throws Exception {
        Workflow<Object, Object> flaky = Flow.of("flaky", "work")
                .step("work", failingUntil(4))
                .options(
                        "work",
                        step -> step.withRetry(new RetryPolicy(4, Duration.ofMillis(20), Duration.ofSeconds(5), 0)))
                .returns("work")
                .untyped();
        Pgflow pgflow = engines.start(flaky);

        Run<Object> run = pgflow.executor().start(flaky, null);

        assertThat(run.await(PATIENCE)).isEqualTo(4);
        assertThat(pausesBeforeRetries(pgflow, run)).hasSize(3).satisfies(pauses -> {
            assertThat(pauses.get(0)).isGreaterThanOrEqualTo(Duration.ofMillis(20));
            assertThat(pauses.get(1)).isGreaterThanOrEqualTo(Duration.ofMillis(40));
            assertThat(pauses.get(2)).isGreaterThanOrEqualTo(Duration.ofMillis(80));
        });
    }

    @Test
    void a_run_fails_with_the_error_of_the_last_attempt_and_what_it_had_left_is_cancelled() throws Exception {
        Workflow<Object, Object> bad = Flow.of("bad", "work -> after; other")
                .step("work", in -> {
                    throw new IllegalStateException(
                            "no stock, try " + in.context().attempt());
                })
                .untyped();
        Pgflow pgflow = engines.start(bad);

        Run<Object> run = pgflow.executor().start(bad, null);

        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOfSatisfying(RunEndedException.class, e -> {
            assertThat(e.code()).isEqualTo(RunEndedException.FAILED);
            assertThat(e.state()).isEqualTo(RunState.FAILED);
            assertThat(e.runId()).isEqualTo(run.id());
            assertThat(e.errorJson().orElseThrow())
                    .contains("no stock, try 3")
                    .contains("PGF-RUN-010")
                    .contains(IllegalStateException.class.getName())
                    .contains("\"work\"");
        });
        assertThat(task(pgflow, run, "work").state()).isEqualTo(TaskState.FAILED);
        assertThat(task(pgflow, run, "work").attempts()).isEqualTo(3);
        assertThat(task(pgflow, run, "after").state()).isEqualTo(TaskState.CANCELLED);
    }

    @Test
    void a_failure_that_is_not_to_be_retried_ends_the_run_at_once() {
        Workflow<Object, Object> bad = Flow.oneStep("bad", Object.class, Object.class, in -> {
            calls.incrementAndGet();
            throw new NonRetryableException("the card is stolen");
        });
        Pgflow pgflow = engines.start(bad);

        Run<Object> run = pgflow.executor().start(bad, null);

        assertThatThrownBy(() -> run.await(PATIENCE)).hasMessageContaining("the card is stolen");
        assertThat(calls).hasValue(1);
    }

    @Test
    void a_handler_may_say_when_to_try_again() throws Exception {
        Workflow<Object, Object> later = Flow.oneStep("later", Object.class, Object.class, in -> {
            if (calls.incrementAndGet() == 1) {
                throw new RetryAfterException(Duration.ofMillis(300), "busy");
            }
            return "1";
        });
        Pgflow pgflow = engines.start(later);

        Run<Object> run = pgflow.executor().start(later, null);

        assertThat(run.await(PATIENCE)).isEqualTo(1);
        assertThat(pausesBeforeRetries(pgflow, run).get(0)).isGreaterThanOrEqualTo(Duration.ofMillis(300));
    }

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

    @ParameterizedTest
    @ValueSource(classes = {StackOverflowError.class, AssertionError.class, OutOfMemoryError.class, LinkageError.class})
    void an_error_is_a_failure_like_others_and_the_worker_goes_on(Class<? extends Error> kind) throws Exception {
        Workflow<Object, Object> broken = Flow.oneStep("broken", Object.class, Object.class, in -> {
            if (calls.incrementAndGet() < 3) {
                throw kind.getConstructor().newInstance();
            }
            return "true";
        });

        assertThat(engines.start(broken).executor().start(broken, null).await(PATIENCE))
                .isEqualTo(true);
    }

    @Test
    void endless_recursion_is_a_failure_like_others() {
        Workflow<Object, Object> deep =
                Flow.oneStep("deep", Object.class, Object.class, in -> String.valueOf(recurse(0)));

        Run<Object> run = engines.start(deep).executor().start(deep, null);

        assertThatThrownBy(() -> run.await(PATIENCE)).hasMessageContaining("StackOverflowError");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a \u0000 b", "\ud800 alone", "alone \udc00", "ends with half \ud83d"})
    void whatever_the_message_of_an_exception_is_the_failure_is_reported(String message) {
        Workflow<Object, Object> bad = Flow.oneStep("bad", Object.class, Object.class, in -> {
            throw new NonRetryableException(message);
        });

        Run<Object> run = engines.start(bad).executor().start(bad, null);

        assertThatThrownBy(() -> run.await(PATIENCE)).hasMessageContaining("PGF-RUN-001");
    }

    @Test
    void an_exception_that_cannot_say_what_it_is_is_a_failure_like_others() {
        Workflow<Object, Object> bad = Flow.oneStep("bad", Object.class, Object.class, in -> {
            throw new Speechless();
        });

        Run<Object> run = engines.start(bad).executor().start(bad, null);

        assertThatThrownBy(() -> run.await(PATIENCE))
                .hasMessageContaining("PGF-RUN-001")
                .hasMessageContaining(Speechless.class.getName());
    }

    @Test
    void a_handler_that_leaves_its_thread_interrupted_disturbs_no_other() throws Exception {
        Workflow<Object, Object> rude = Flow.of("rude", "first -> second")
                .step("first", in -> {
                    Thread.currentThread().interrupt();
                    return "1";
                })
                .step("second", in -> String.valueOf(Thread.currentThread().isInterrupted()))
                .returns("second")
                .untyped();
        Pgflow pgflow = engines.start(Engines.settings().concurrency(1), rude);

        for (int i = 0; i < 20; i++) {
            assertThat(pgflow.executor().start(rude, i).await(PATIENCE)).isEqualTo(false);
        }
    }

    @Test
    void one_failing_item_fails_the_map_and_the_error_names_it() {
        Workflow<Object, Object> items = Flow.of("items", "$input -> each*")
                .step("each", in -> {
                    if (in.item().orElseThrow().equals("3")) {
                        throw new NonRetryableException("bad item");
                    }
                    return "null";
                })
                .untyped();

        Run<Object> run = engines.start(items).executor().start(items, List.of(1, 2, 3, 4));

        assertThatThrownBy(() -> run.await(PATIENCE))
                .hasMessageContaining("bad item")
                .hasMessageContaining("\"item\": 2");
    }

    private static final class Speechless extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no words");
        }
    }

    private TaskHandler failingUntil(int attempt) {
        return in -> {
            if (calls.incrementAndGet() < attempt) {
                throw new IllegalStateException("not yet");
            }
            return String.valueOf(calls.get());
        };
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

    private static int recurse(int depth) {
        return depth < 0 ? 0 : recurse(depth + 1) + 1;
    }

    /** By the database's clock, from the failure of an attempt to the next one. */
    private static List<Duration> pausesBeforeRetries(Pgflow pgflow, Run<?> run) {
        List<Event> events = pgflow.executor().events(run.id());
        List<Instant> failed = at(events, EventType.TASK_RETRYING);
        List<Instant> started = at(events, EventType.TASK_STARTED);
        return java.util.stream.IntStream.range(0, failed.size())
                .mapToObj(i -> Duration.between(failed.get(i), started.get(i + 1)))
                .toList();
    }

    private static List<Instant> at(List<Event> events, EventType type) {
        return events.stream()
                .filter(event -> event.type() == type)
                .map(Event::at)
                .toList();
    }

    private static TaskSnapshot task(Pgflow pgflow, Run<?> run, String step) {
        return pgflow.executor().tasks(run.id()).stream()
                .filter(task -> task.step().equals(step))
                .findFirst()
                .orElseThrow();
    }
}
