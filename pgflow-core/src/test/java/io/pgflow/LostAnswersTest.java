package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.approval.ApprovalFilter;
import io.pgflow.approval.DecisionOutcome;
import io.pgflow.approval.Verdict;
import io.pgflow.audit.AuditNote;
import io.pgflow.deferred.AnswerOutcome;
import io.pgflow.executor.Executor;
import io.pgflow.executor.Signal;
import io.pgflow.executor.SignalOutcome;
import io.pgflow.faults.Fault;
import io.pgflow.faults.FaultDataSource;
import io.pgflow.faults.Faults;
import io.pgflow.flowcontrol.PauseOutcome;
import io.pgflow.flowcontrol.Target;
import io.pgflow.operation.BulkOutcome;
import io.pgflow.operation.NewRun;
import io.pgflow.operation.OperationOutcome;
import io.pgflow.operation.RunSelection;
import io.pgflow.operation.TaskName;
import io.pgflow.schedule.ScheduleOptions;
import io.pgflow.schedule.Timing;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Action;
import io.pgflow.workflow.Approval;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A call is carried out and its answer is lost: it is sent again by itself, and has one effect. */
class LostAnswersTest {

    private static final AuditNote NOTE = AuditNote.by("ada", "to see");

    @RegisterExtension
    final Engines engines = new Engines();

    private final Faults faults = Faults.seeded(1);
    private final Workflow<Object, Object> plain =
            Workflow.of(Flow.of("plain", "work").definition());

    /**
     * @param function whose answer is lost
     * @param given makes what the call needs, and gives the call, which checks what came of it
     */
    record Sent(String sentence, String function, Given given) {

        interface Given {
            Call by(LostAnswersTest test, Executor executor) throws Exception;
        }

        interface Call {
            void send() throws Exception;
        }

        @Override
        public String toString() {
            return sentence;
        }
    }

    @ParameterizedTest
    @MethodSource({"tells", "flowControl", "schedules", "operations"})
    void it_is_sent_again_and_counts_once(Sent sent) throws Exception {
        Executor executor = engine().executor();
        Sent.Call call = sent.given().by(this, executor);

        faults.once(Fault.EXECUTE_AND_FAIL, sent.function());
        call.send();

        assertThat(faults.count(Fault.EXECUTE_AND_FAIL)).isEqualTo(1);
    }

    static Stream<Sent> tells() {
        return Stream.of(
                new Sent("a signal without an id is one signal", "signal_run", (test, executor) -> {
                    UUID run = test.waiting(executor, Action.AwaitSignal.of("other"));
                    return () -> {
                        assertThat(executor.signal(Signal.of(run, "paid"))).isEqualTo(SignalOutcome.REPEATED);
                        assertThat(test.count("signals")).isOne();
                    };
                }),
                new Sent("a decision is made once", "decide_approval", (test, executor) -> {
                    UUID run = test.waiting(executor, Approval.question("May it?"));
                    await().atMost(PATIENCE)
                            .until(() -> !executor.approvals()
                                    .pending(ApprovalFilter.all())
                                    .isEmpty());
                    return () -> {
                        assertThat(executor.approvals()
                                        .decide(run, "wait", Verdict.of("ada", "approve"))
                                        .outcome())
                                .isEqualTo(DecisionOutcome.ALREADY_DECIDED);
                        assertThat(test.count("approval_votes")).isOne();
                    };
                }),
                new Sent("an answer from outside is taken once", "complete_deferred", (test, executor) -> {
                    String token = test.deferred();
                    return () ->
                            assertThat(executor.deferred().complete(token, 1)).isEqualTo(AnswerOutcome.REPEATED);
                }),
                new Sent("a failure from outside counts one attempt", "fail_deferred", (test, executor) -> {
                    String token = test.deferred();
                    return () -> assertThat(executor.deferred().fail(token, "no luck", false))
                            .isEqualTo(AnswerOutcome.REPEATED);
                }),
                new Sent("a heartbeat is heard", "heartbeat_deferred", (test, executor) -> {
                    String token = test.deferred();
                    return () ->
                            assertThat(executor.deferred().heartbeat(token)).isEqualTo(AnswerOutcome.APPLIED);
                }),
                new Sent(
                        "what a cache has is forgotten",
                        "invalidate_outputs",
                        (test, executor) ->
                                () -> assertThat(executor.outputCache().invalidate("prices"))
                                        .isZero()));
    }

    static Stream<Sent> flowControl() {
        return Stream.of(
                new Sent("what is paused is paused once", "pgflow.pause(", (test, executor) -> {
                    Target run = Target.run(executor.start(test.plain, 1).id());
                    return () -> {
                        assertThat(executor.flowControl().pause(run, NOTE)).isEqualTo(PauseOutcome.ALREADY_PAUSED);
                        assertThat(executor.flowControl().history(run)).hasSize(1);
                    };
                }),
                new Sent("what is resumed is resumed once", "pgflow.resume(", (test, executor) -> {
                    Target run = Target.run(executor.start(test.plain, 1).id());
                    executor.flowControl().pause(run, NOTE);
                    return () -> {
                        assertThat(executor.flowControl().resume(run, NOTE)).isFalse();
                        assertThat(executor.flowControl().history(run)).hasSize(2);
                    };
                }),
                new Sent("a queue is limited once", "limit_queue", (test, executor) -> {
                    test.engines.sql("select pgflow.create_queue('mail')");
                    return () -> {
                        assertThat(executor.flowControl().limitQueue("mail", 2, NOTE))
                                .isTrue();
                        assertThat(executor.flowControl().history(Target.queue("mail")))
                                .hasSize(1);
                    };
                }));
    }

    static Stream<Sent> schedules() {
        return Stream.of(
                new Sent("a schedule is defined once", "define_schedule", (test, executor) -> () -> {
                    assertThat(test.schedule(executor)).isFalse();
                    assertThat(executor.schedules().history("nightly")).hasSize(1);
                }),
                new Sent("a schedule is paused once", "pause_schedule", (test, executor) -> {
                    test.schedule(executor);
                    return () -> {
                        assertThat(executor.schedules().pause("nightly", NOTE)).isFalse();
                        assertThat(executor.schedules().history("nightly")).hasSize(2);
                    };
                }),
                new Sent("a schedule is resumed once", "resume_schedule", (test, executor) -> {
                    test.schedule(executor);
                    executor.schedules().pause("nightly", NOTE);
                    return () -> {
                        assertThat(executor.schedules().resume("nightly", NOTE)).isFalse();
                        assertThat(executor.schedules().history("nightly")).hasSize(3);
                    };
                }),
                new Sent(
                        "a schedule is triggered once, and says which run it started",
                        "trigger_schedule",
                        (test, executor) -> {
                            test.schedule(executor);
                            return () -> {
                                UUID run = executor.schedules().trigger("nightly", NOTE);
                                assertThat(test.engines.sql("select run_id from pgflow.runs"))
                                        .containsExactly(run.toString());
                            };
                        }),
                new Sent("a backfill starts each run once", "backfill_schedule", (test, executor) -> {
                    test.schedule(executor);
                    Instant from = Instant.parse("2025-03-24T00:00:00Z");
                    return () -> {
                        assertThat(executor.schedules().backfill("nightly", from, from.plus(Duration.ofDays(3)), NOTE))
                                .isZero();
                        assertThat(test.count("runs")).isEqualTo(3);
                    };
                }));
    }

    static Stream<Sent> operations() {
        return Stream.of(
                new Sent("a run is started again once", "start_again", (test, executor) -> {
                    UUID ended = test.cancelled(executor);
                    return () -> {
                        NewRun again = executor.operations().startAgain(ended, NOTE);
                        assertThat(again.outcome()).isEqualTo(OperationOutcome.DONE);
                        assertThat(executor.find(again.runId().orElseThrow())).isPresent();
                        assertThat(test.count("runs")).isEqualTo(2);
                    };
                }),
                new Sent("a run is retried once", "retry_runs", (test, executor) -> {
                    UUID ended = test.cancelled(executor);
                    return () -> {
                        assertThat(executor.operations().retry(ended, NOTE)).isEqualTo(OperationOutcome.RUNNING);
                        assertThat(test.engines.sql("select generation from pgflow.runs"))
                                .containsExactly("2");
                    };
                }),
                new Sent("an output is set once", "set_output", (test, executor) -> {
                    TaskName task = TaskName.of(executor.start(test.plain, 1).id(), "work");
                    return () -> assertThat(executor.operations().setOutput(task, "7", NOTE))
                            .isEqualTo(OperationOutcome.SUCCEEDED);
                }),
                new Sent("a task is skipped once", "skip_task", (test, executor) -> {
                    TaskName task = TaskName.of(executor.start(test.plain, 1).id(), "work");
                    return () ->
                            assertThat(executor.operations().skip(task, NOTE)).isEqualTo(OperationOutcome.SKIPPED);
                }),
                new Sent("many runs are cancelled to the last", "cancel_runs", (test, executor) -> {
                    test.cancelled(executor);
                    UUID run = executor.start(test.plain, 1).id();
                    return () -> {
                        assertThat(executor.operations()
                                        .matching(RunSelection.all())
                                        .cancel(NOTE))
                                .isEqualTo(new BulkOutcome(2, 0));
                        assertThat(executor.find(run).orElseThrow().state().name())
                                .isEqualTo("CANCELLED");
                    };
                }));
    }

    private UUID cancelled(Executor executor) {
        UUID run = executor.start(plain, 1).id();
        executor.cancel(run, NOTE);
        return run;
    }

    private boolean schedule(Executor executor) {
        return executor.schedules()
                .define("nightly", plain, 1, Timing.cron("0 0 * * *", ZoneId.of("UTC")), ScheduleOptions.none());
    }

    /** A run whose only step does this. */
    private UUID waiting(Executor executor, Action action) {
        var definition =
                new WorkflowDefinition("waiting", List.of(StepDefinition.of("wait", action)), Optional.empty());
        return executor.start(Workflow.of(definition, Object.class, Object.class, Map.of()), 1)
                .id();
    }

    /** The token of a task that was left to the outside. */
    private String deferred() throws InterruptedException {
        BlockingQueue<String> tokens = new LinkedBlockingQueue<>();
        Workflow<Object, Object> flow = Flow.oneStep(
                "asking",
                Object.class,
                Object.class,
                TaskHandler.deferring(
                        Object.class,
                        Patience.within(Duration.ofHours(1)),
                        (in, deferral) -> tokens.add(deferral.token())));
        engines.start(flow).executor().start(flow, 1);
        String token = tokens.take();
        await().atMost(PATIENCE)
                .until(() -> engines.sql("select count(*) from pgflow.tasks where deferred = 'token'")
                        .equals(List.of("1")));
        return token;
    }

    private long count(String table) {
        return Long.parseLong(
                engines.sql("select count(*) from pgflow." + table).get(0));
    }

    /** One that only starts runs, over connections that break. */
    private Pgflow engine() {
        return engines.closeLater(
                Pgflow.on(engines.closeLater(Engines.pool(FaultDataSource.around(engines.database(), faults))))
                        .settings(Engines.settings().build())
                        .start());
    }
}
