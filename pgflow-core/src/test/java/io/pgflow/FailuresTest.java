package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.TaskSnapshot;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.Workflow;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a task whose handler throws, whatever it throws. */
@Tag("adversity")
class FailuresTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final AtomicInteger calls = new AtomicInteger();

    @Test
    void a_run_fails_with_the_error_of_the_last_attempt_and_what_it_had_left_is_cancelled() throws Exception {
        Workflow<Object, Object> bad = Flow.of("bad", "work -> after; other")
                .step("work", in -> {
                    throw new IllegalStateException("no stock, try " + calls.incrementAndGet());
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
        assertThat(calls).hasValue(3);
        assertThat(
                        engines.sql(
                                "select attempts - releases from pgflow.tasks join pgflow.steps using (workflow_id, step) where name = 'work'"))
                .containsExactly("3");
        assertThat(task(pgflow, run, "after").state()).isEqualTo(TaskState.CANCELLED);
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

    private static int recurse(int depth) {
        return depth < 0 ? 0 : recurse(depth + 1) + 1;
    }

    private static TaskSnapshot task(Pgflow pgflow, Run<?> run, String step) {
        return pgflow.executor().tasks(run.id()).stream()
                .filter(task -> task.step().equals(step))
                .findFirst()
                .orElseThrow();
    }
}
