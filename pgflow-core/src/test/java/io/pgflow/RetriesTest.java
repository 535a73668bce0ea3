package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.event.Event;
import io.pgflow.event.EventType;
import io.pgflow.executor.Run;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.RetryAfterException;
import io.pgflow.workflow.RetryPolicy;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** When a task is tried again. */
@Tag("adversity")
class RetriesTest {

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

    private TaskHandler failingUntil(int attempt) {
        return in -> {
            if (calls.incrementAndGet() < attempt) {
                throw new IllegalStateException("not yet");
            }
            return String.valueOf(calls.get());
        };
    }

    /** By the database's clock, from each failure of the handler to the next attempt; not of what was handed back. */
    private static List<Duration> pausesBeforeRetries(Pgflow pgflow, Run<?> run) {
        List<Event> events = pgflow.executor().events(run.id());
        return events.stream()
                .filter(event -> event.type() == EventType.TASK_RETRYING)
                .filter(event -> event.detail()
                        .filter(error -> error.contains("message"))
                        .isPresent())
                .map(failed -> Duration.between(
                        failed.at(),
                        events.stream()
                                .filter(event -> event.type() == EventType.TASK_STARTED && event.seq() > failed.seq())
                                .findFirst()
                                .orElseThrow()
                                .at()))
                .toList();
    }
}
