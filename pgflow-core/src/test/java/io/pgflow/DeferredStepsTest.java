package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.deferred.AnswerOutcome;
import io.pgflow.event.Event;
import io.pgflow.event.EventType;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.TaskSnapshot;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Deferral;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Steps that something outside finishes, with the token that the handler gave away. */
@Tag("adversity")
class DeferredStepsTest {

    private static final Patience HOUR = Patience.within(Duration.ofHours(1));

    @RegisterExtension
    final Engines engines = new Engines();

    /** What the outside was given. */
    private final BlockingQueue<Deferral> given = new LinkedBlockingQueue<>();

    private final TaskHandler giving = giving(HOUR);

    @Test
    void a_step_gives_what_the_outside_answers() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "ask -> use")
                .step("ask", giving)
                .step("use", in -> in.output("ask"))
                .returns("use")
                .untyped();
        Pgflow pgflow = engines.start(flow);
        Pgflow elsewhere = engines.start();
        Run<Object> run = pgflow.executor().start(flow, null);
        String token = token();
        await().until(() -> pgflow.executor().tasks(run.id()).get(0).deferred().isPresent());

        assertThat(elsewhere.executor().deferred().complete(token, Map.of("x", 1)))
                .isEqualTo(AnswerOutcome.APPLIED);

        assertThat(run.await(PATIENCE)).isEqualTo(Map.of("x", 1));
        assertThat(elsewhere.executor().deferred().complete(token, Map.of("x", 2)))
                .isEqualTo(AnswerOutcome.REPEATED);
        assertThat(elsewhere.executor().deferred().complete(token + "0", 1)).isEqualTo(AnswerOutcome.UNKNOWN);
        assertThat(pgflow.executor().events(run.id()))
                .extracting(Event::type)
                .containsSubsequence(EventType.TASK_STARTED, EventType.TASK_DEFERRED, EventType.TASK_COMPLETED);
    }

    @Test
    void an_answer_that_comes_before_the_handler_has_returned_is_taken() throws Exception {
        var pgflows = new LinkedBlockingQueue<Pgflow>();
        Workflow<Object, Object> flow = Flow.oneStep("flow", Object.class, Object.class, in -> {
            Deferral deferral = in.context().defer(HOUR);
            pgflows.element().executor().deferred().complete(deferral.token(), "soon");
            return "\"late\"";
        });
        Pgflow pgflow = engines.start(flow);
        pgflows.add(pgflow);

        assertThat(pgflow.executor().start(flow, null).await(PATIENCE)).isEqualTo("soon");
    }

    @Test
    void deferred_tasks_take_no_slot() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "$input -> each*")
                .step("each", giving)
                .returns("each")
                .untyped();
        Pgflow pgflow = engines.start(Engines.settings().concurrency(1), flow);
        Run<Object> run = pgflow.executor().start(flow, List.of(1, 2, 3, 4));

        var tokens = new ArrayList<String>();
        for (int i = 0; i < 4; i++) {
            tokens.add(token());
        }
        await().until(() -> pgflow.worker().orElseThrow().status().heldTasks() == 0);
        assertThat(pgflow.executor().tasks(run.id()))
                .filteredOn(task -> task.itemIndex().isPresent())
                .hasSize(4)
                .allSatisfy(task -> {
                    assertThat(task.state()).isEqualTo(TaskState.RUNNING);
                    assertThat(task.deferred()).contains("token");
                    assertThat(task.workerId()).isEmpty();
                    assertThat(task.dueAt()).isPresent();
                });
        tokens.forEach(token -> pgflow.executor().deferred().completeWithJson(token, "7"));

        assertThat(run.await(PATIENCE)).isEqualTo(List.of(7, 7, 7, 7));
    }

    @Test
    void a_failure_from_outside_is_tried_again_and_one_for_good_fails_the_run() throws Exception {
        Workflow<Object, Object> flow = Flow.oneStep("flow", Object.class, Object.class, giving);
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, null);

        String first = token();
        assertThat(pgflow.executor().deferred().fail(first, "not now", true)).isEqualTo(AnswerOutcome.APPLIED);
        String second = token();
        assertThat(second).isNotEqualTo(first);
        assertThat(pgflow.executor().deferred().complete(first, 1)).isEqualTo(AnswerOutcome.STALE);
        assertThat(pgflow.executor().deferred().fail(second, "never", false)).isEqualTo(AnswerOutcome.APPLIED);

        assertThatThrownBy(() -> run.await(PATIENCE))
                .isInstanceOfSatisfying(
                        RunEndedException.class,
                        e -> assertThat(e.errorJson().orElseThrow()).contains("PGF-RUN-023", "never"));
    }

    @Test
    void a_handler_that_throws_after_it_gave_the_token_away_has_failed() throws Exception {
        var tries = new AtomicInteger();
        Workflow<Object, Object> flow = Flow.oneStep("flow", Object.class, Object.class, in -> {
            given.add(in.context().defer(HOUR));
            if (tries.incrementAndGet() == 1) {
                throw new IllegalStateException("the carrier hung up");
            }
            return "null";
        });
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, null);
        String first = token();
        String second = token();

        assertThat(pgflow.executor().deferred().complete(first, 1)).isEqualTo(AnswerOutcome.STALE);
        assertThat(pgflow.executor().deferred().complete(second, 2)).isEqualTo(AnswerOutcome.APPLIED);

        assertThat(run.await(PATIENCE)).isEqualTo(2);
    }

    @Test
    void progress_shows_and_an_attempt_that_falls_silent_has_failed() throws Exception {
        Patience lively = HOUR.withSilence(Duration.ofMillis(500));
        Workflow<Object, Object> flow = Flow.of("flow", "work")
                .step("work", giving(lively))
                .options("work", all -> all.withRetry(Flow.SOON.withMaxAttempts(1)))
                .untyped();
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, null);
        String token = token();

        assertThat(pgflow.executor().deferred().heartbeat(token, Map.of("percent", 40)))
                .isEqualTo(AnswerOutcome.APPLIED);
        assertThat(pgflow.executor().deferred().heartbeat(token)).isEqualTo(AnswerOutcome.APPLIED);
        assertThat(pgflow.executor().tasks(run.id()))
                .extracting(TaskSnapshot::progress)
                .containsExactly(Optional.of("{\"percent\": 40}"));

        assertThatThrownBy(() -> run.await(PATIENCE)).hasMessageContaining("failed");
        assertThat(pgflow.executor().deferred().heartbeat(token)).isEqualTo(AnswerOutcome.STALE);
        assertThat(pgflow.executor().find(run.id()).orElseThrow().error().orElseThrow())
                .contains("PGF-RUN-022");
    }

    @Test
    void a_step_that_waits_for_an_answer_can_be_cancelled_with_its_run() throws Exception {
        Workflow<Object, Object> flow = Flow.oneStep("flow", Object.class, Object.class, giving);
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, null);
        String token = token();

        pgflow.executor().cancel(run.id(), "enough");

        assertThat(pgflow.executor().deferred().complete(token, 1)).isEqualTo(AnswerOutcome.STALE);
        assertThat(pgflow.executor().deferred().heartbeat(token)).isEqualTo(AnswerOutcome.STALE);
    }

    @Test
    void whoever_speaks_sql_can_answer() throws Exception {
        RegisteredHandler asking =
                RegisteredHandler.deferring("carrier.order", Object.class, HOUR, (in, deferral) -> given.add(deferral));
        WorkflowDefinition definition = new WorkflowDefinition(
                "flow", List.of(StepDefinition.of("order", "carrier.order")), Optional.of("order"));
        Pgflow pgflow = engines.closeLater(Pgflow.on(engines.pool())
                .settings(Engines.settings().build())
                .with(asking)
                .start());
        Run<Object> run = pgflow.executor().start(Workflow.of(definition), null);

        assertThat(engines.sql(
                        "select outcomes[1] from pgflow.complete_deferred(array[?], '{\"\\\"sent\\\"\"}')", token()))
                .containsExactly("applied");

        assertThat(run.await(PATIENCE)).isEqualTo("sent");
    }

    @Test
    void patience_has_bounds() {
        assertThatThrownBy(() -> Patience.within(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HOUR.withSilence(Duration.ofDays(4000))).isInstanceOf(IllegalArgumentException.class);
        assertThat(new Deferral("secret", HOUR)).hasToString("Deferral[" + HOUR + "]");
    }

    private TaskHandler giving(Patience patience) {
        return in -> {
            given.add(in.context().defer(patience));
            return "null";
        };
    }

    private String token() throws InterruptedException {
        Deferral deferral = given.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (deferral == null) {
            throw new AssertionError("nothing was deferred");
        }
        return deferral.token();
    }
}
