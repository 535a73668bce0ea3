package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.audit.AuditNote;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.flowcontrol.FlowControl;
import io.pgflow.flowcontrol.Pause;
import io.pgflow.flowcontrol.PauseOutcome;
import io.pgflow.flowcontrol.RuleChange;
import io.pgflow.flowcontrol.Target;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is paused in one process is paused in all, and goes on when somebody resumes it. */
@Tag("adversity")
class PauseTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final Workflow<Object, Object> flow =
            Flow.of("flow", "a -> b").returns("b").untyped();
    private final Workflow<Object, Object> other =
            Flow.of("other", "a").returns("a").untyped();

    @Test
    void a_paused_queue_stands_still_in_every_process_and_goes_on_with_all_that_came_meanwhile() throws Exception {
        FlowControl control = engines.start(flow, other).executor().flowControl();
        Pgflow second = engines.start(flow, other);
        assertThat(control.pause(Target.queue("default"), AuditNote.by("ada", "maintenance")))
                .isEqualTo(PauseOutcome.PAUSED);

        List<Run<Object>> runs = second.executor().startAll(flow, List.of(1, 2, 3), StartOptions.none());
        Pgflow third = engines.start(flow);
        awaitPolls();

        assertThat(engines.sql("select distinct state from pgflow.tasks where step = 1"))
                .containsExactly("SCHEDULED");
        assertThat(third.executor().flowControl().resume(Target.queue("default"), AuditNote.by("ada", "done")))
                .isTrue();
        for (Run<Object> run : runs) {
            assertThat(run.await(PATIENCE)).isEqualTo("b");
        }
    }

    @Test
    void a_paused_workflow_waits_while_others_of_its_queue_run() throws Exception {
        Pgflow pgflow = engines.start(flow, other);
        FlowControl control = pgflow.executor().flowControl();
        pgflow.executor().define(flow);
        control.pause(Target.workflow("flow"), AuditNote.by("ada", "a mistake was found"));

        Run<Object> waiting = pgflow.executor().start(flow, 1);
        assertThat(pgflow.executor().start(other, 1).await(PATIENCE)).isEqualTo("a");

        assertThat(waiting.snapshot().state()).isEqualTo(RunState.RUNNING);
        control.resume(Target.workflow("flow"), AuditNote.by("ada", "mended"));
        assertThat(waiting.await(PATIENCE)).isEqualTo("b");
    }

    @Test
    void a_handler_that_runs_finishes_and_the_next_step_of_the_paused_run_waits() throws Exception {
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        Workflow<Object, Object> slow = Flow.of("slow", "a -> b")
                .step("a", in -> {
                    begun.countDown();
                    goOn.await();
                    return "1";
                })
                .returns("b")
                .untyped();
        Pgflow pgflow = engines.start(slow);
        FlowControl control = pgflow.executor().flowControl();
        Run<Object> run = pgflow.executor().start(slow, 1);
        begun.await();

        control.pause(Target.run(run.id()), AuditNote.by("ada", "wait for the customer"));
        goOn.countDown();
        await().atMost(PATIENCE).until(() -> states(run.id()).equals("SUCCEEDED SCHEDULED"));
        awaitPolls();

        assertThat(states(run.id())).isEqualTo("SUCCEEDED SCHEDULED");
        assertThat(control.resume(Target.run(run.id()), AuditNote.by("ada", "he called")))
                .isTrue();
        assertThat(run.await(PATIENCE)).isEqualTo("b");
        assertThat(control.pause(Target.run(run.id()), AuditNote.by("ada", "too late")))
                .isEqualTo(PauseOutcome.ENDED);
    }

    @Test
    void who_paused_what_and_why_can_be_asked() {
        Pgflow pgflow = engines.start(flow);
        FlowControl control = pgflow.executor().flowControl();
        Target step = Target.step("flow", "b");
        control.pause(step, AuditNote.by("ada", "the printer is out of paper"));

        assertThat(control.pause(step, AuditNote.by("bob", "me too"))).isEqualTo(PauseOutcome.ALREADY_PAUSED);
        assertThat(control.paused())
                .singleElement()
                .returns(step, Pause::target)
                .returns(Optional.of("ada"), Pause::actor)
                .returns(Optional.of("the printer is out of paper"), Pause::reason);
        control.resume(step, AuditNote.by("bob", "there is paper"));

        assertThat(control.paused()).isEmpty();
        assertThat(control.history(step))
                .extracting(RuleChange::kind)
                .containsExactly(RuleChange.Kind.RESUMED, RuleChange.Kind.PAUSED);
        assertThat(control.resume(step, AuditNote.by("bob", "again"))).isFalse();
        assertThat(control.pause(Target.workflow("nothing"), AuditNote.by("ada", "?")))
                .isEqualTo(PauseOutcome.UNKNOWN);
        assertThat(control.pause(Target.run(UUID.randomUUID()), AuditNote.by("ada", "?")))
                .isEqualTo(PauseOutcome.UNKNOWN);
    }

    /** Every process has looked for work twice since it is called. */
    private void awaitPolls() {
        for (int i = 0; i < 2; i++) {
            engines.sql("update pgflow.workers set heartbeat_at = heartbeat_at - interval '1 second'");
            await().atMost(PATIENCE)
                    .until(() -> engines.sql(
                                    "select 1 from pgflow.workers where heartbeat_at < clock_timestamp() - interval '0.9 seconds'")
                            .isEmpty());
        }
    }

    private String states(UUID run) {
        return engines.sql("select string_agg(state, ' ' order by step) from pgflow.tasks where run_id = ?", run)
                .get(0);
    }
}
