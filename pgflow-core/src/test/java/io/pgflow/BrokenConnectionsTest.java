package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.pgflow.approval.ApprovalFilter;
import io.pgflow.executor.CancelOutcome;
import io.pgflow.executor.Executor;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunFilter;
import io.pgflow.executor.StartOptions;
import io.pgflow.faults.Fault;
import io.pgflow.faults.FaultDataSource;
import io.pgflow.faults.Faults;
import io.pgflow.flowcontrol.Target;
import io.pgflow.operation.RunSelection;
import io.pgflow.operation.TaskName;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** One connection that breaks is nobody's business: whatever may be asked twice is asked again. */
class BrokenConnectionsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final Faults faults = Faults.seeded(1);
    private final Workflow<Object, Object> echo = Flow.oneStep("echo", Object.class, Object.class, in -> in.runInput());

    @ParameterizedTest
    @MethodSource("questions")
    void a_question_is_asked_again(String function, Function<Executor, Object> question) {
        Executor executor = start().executor();
        Run<Object> run = executor.start(echo, 1);
        assertThat(run.result().join()).isEqualTo(1);
        Object answer = question.apply(executor);

        faults.once(Fault.EXECUTE_AND_FAIL, function);

        assertThat(question.apply(executor)).isEqualTo(answer);
        assertThat(faults.count(Fault.EXECUTE_AND_FAIL)).isEqualTo(1);
    }

    static Stream<Arguments> questions() {
        return Stream.of(
                arguments("get_run", question(executor -> executor.find(onlyRun(executor)))),
                arguments("list_runs", question(executor -> executor.list(RunFilter.all()))),
                arguments("run_tasks", question(executor -> executor.tasks(onlyRun(executor)))),
                arguments(
                        "why_not_running",
                        question(executor ->
                                executor.operations().whyNotRunning(TaskName.of(onlyRun(executor), "work")))),
                arguments(
                        "plan_move", question(executor -> executor.operations().planMove(onlyRun(executor), 1))),
                arguments(
                        "export_run", question(executor -> executor.operations().export(onlyRun(executor)))),
                arguments(
                        "count_matching_runs",
                        question(executor -> executor.operations()
                                .matching(RunSelection.all())
                                .count())),
                arguments(
                        "list_approvals",
                        question(executor -> executor.approvals().pending(ApprovalFilter.all()))),
                arguments(
                        "get_approval",
                        question(executor -> executor.approvals().find(onlyRun(executor)))),
                arguments(
                        "list_schedules",
                        question(executor -> executor.schedules().list())),
                arguments(
                        "schedule_entries",
                        question(executor -> executor.schedules().history("none"))),
                arguments(
                        "progress_page",
                        question(executor -> executor.progress().read(onlyRun(executor), 0, 10))),
                arguments(
                        "queue_loads",
                        question(executor -> executor.flowControl().queues())),
                arguments(
                        "limits_in_use",
                        question(executor -> executor.flowControl().limits())),
                arguments(
                        "pgflow.paused",
                        question(executor -> executor.flowControl().paused())),
                arguments(
                        "rule_history",
                        question(executor -> executor.flowControl().history(Target.queue("default")))),
                arguments(
                        "\"workflows\"",
                        question(executor ->
                                executor.startByName("echo", "1", once()).id())));
    }

    @ParameterizedTest
    @EnumSource(names = {"FAIL_BEFORE", "EXECUTE_AND_FAIL"})
    void a_start_is_carried_out_once(Fault fault) throws Exception {
        Executor executor = start().executor();
        faults.once(fault, "start_runs");

        assertThat(executor.start(echo, "x").await(PATIENCE)).isEqualTo("x");

        assertThat(executor.list(RunFilter.all())).hasSize(1);
        assertThat(faults.count(fault)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"FAIL_BEFORE", "EXECUTE_AND_FAIL"})
    void a_run_is_cancelled(Fault fault) {
        Executor executor = starter().executor();
        Run<Object> run = executor.start(echo, 1);
        faults.once(fault, "cancel_runs");

        CancelOutcome outcome = executor.cancel(run.id(), "no longer wanted");

        assertThat(outcome)
                .isEqualTo(fault == Fault.FAIL_BEFORE ? CancelOutcome.CANCELLED : CancelOutcome.ALREADY_CANCELLED);
        assertThat(executor.find(run.id()).orElseThrow().state().name()).isEqualTo("CANCELLED");
    }

    @ParameterizedTest
    @EnumSource(names = {"FAIL_BEFORE", "EXECUTE_AND_FAIL"})
    void a_worker_registers_claims_and_reports(Fault fault) throws Exception {
        faults.once(fault, "register_worker");
        Pgflow pgflow = start();
        faults.once(fault, "claim_tasks").once(fault, "complete_tasks");

        assertThat(pgflow.executor().start(echo, "x").await(PATIENCE)).isEqualTo("x");

        assertThat(faults.count(fault)).isEqualTo(3);
    }

    private static Function<Executor, Object> question(Function<Executor, Object> question) {
        return question;
    }

    private static UUID onlyRun(Executor executor) {
        return executor.list(RunFilter.all()).get(0).runId();
    }

    private static StartOptions once() {
        return StartOptions.none().idempotencyKey("once");
    }

    /** An engine that runs the workflow. */
    private Pgflow start() {
        return engines.closeLater(builder().with(echo).start());
    }

    /** One that only starts runs. */
    private Pgflow starter() {
        return engines.closeLater(builder().start());
    }

    private Pgflow.Builder builder() {
        return Pgflow.on(engines.closeLater(Engines.pool(FaultDataSource.around(engines.database(), faults))))
                .settings(Engines.settings().build());
    }
}
