package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.approval.ApprovalFilter;
import io.pgflow.approval.ApprovalSnapshot;
import io.pgflow.approval.Approvals;
import io.pgflow.approval.DecisionOutcome;
import io.pgflow.approval.DecisionResult;
import io.pgflow.approval.Verdict;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.testing.Engines;
import io.pgflow.workflow.Approval;
import io.pgflow.workflow.Condition;
import io.pgflow.workflow.Decision;
import io.pgflow.workflow.Escalation;
import io.pgflow.workflow.FormField;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Steps that ask people: seen through the library. */
@Tag("adversity")
class ApprovalStepsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    @Test
    void people_see_what_they_are_asked_and_the_run_gives_what_they_decide() throws Exception {
        Workflow<Object, Decision> flow = asking(Approval.question("May it?")
                .shows(Condition.input("/cents"))
                .form(FormField.number("limit").mustBeFilled(), FormField.choice("size", "s", "m"))
                .roles("finance")
                .quorum(2)
                .within(Duration.ofDays(1)));
        Pgflow pgflow = engines.start(flow);
        Approvals approvals = pgflow.executor().approvals();
        Run<Decision> run = pgflow.executor().start(flow, Map.of("cents", 7));

        ApprovalSnapshot asked = awaitAsked(approvals, ApprovalFilter.of("ada", "finance"));
        assertThat(asked.runId()).isEqualTo(run.id());
        assertThat(asked.question()).isEqualTo("May it?");
        assertThat(asked.choices()).containsExactly("approve", "reject");
        assertThat(asked.form())
                .containsExactly(FormField.number("limit").mustBeFilled(), FormField.choice("size", "s", "m"));
        assertThat(asked.shown()).contains("7");
        assertThat(asked.quorum()).isEqualTo(2);
        assertThat(asked.dueAt()).isPresent();
        assertThat(approvals.pending(ApprovalFilter.of("eve", "sales"))).isEmpty();
        assertThat(approvals.pending(ApprovalFilter.all().ofRun(UUID.randomUUID())))
                .isEmpty();

        Verdict fine = Verdict.of("ada", Approval.APPROVE).withRoles("finance");
        DecisionResult bad = approvals.decide(asked.approvalId(), fine.withForm(Map.of("limit", "much")));
        assertThat(bad.outcome()).isEqualTo(DecisionOutcome.INVALID);
        assertThat(bad.problems())
                .singleElement()
                .satisfies(problem ->
                        assertThat(problem.code() + problem.field()).isEqualTo("PGF-RUN-016Optional[limit]"));
        Verdict good = fine.withForm(Map.of("limit", 5)).withComment("as ordered");
        assertThat(approvals.decide(asked.approvalId(), good).outcome()).isEqualTo(DecisionOutcome.VOTED);
        assertThat(approvals.pending(ApprovalFilter.of("ada", "finance"))).isEmpty();
        Verdict second = new Verdict("bob", List.of("finance"), Approval.APPROVE, Map.of("limit", 6), Optional.empty());
        assertThat(approvals.decide(run.id(), "ok", second).outcome()).isEqualTo(DecisionOutcome.DECIDED);

        Decision decision = run.await(PATIENCE);
        assertThat(decision.is(Approval.APPROVE)).isTrue();
        assertThat(decision.expired()).isFalse();
        assertThat(decision.form()).containsEntry("limit", 6);
        assertThat(decision.votes()).extracting(Decision.Vote::actor).containsExactly("ada", "bob");
        assertThat(decision.votes().get(0).comment()).isEqualTo("as ordered");
        assertThat(approvals.find(asked.approvalId()).orElseThrow().state()).isEqualTo(ApprovalSnapshot.State.DECIDED);
        assertThat(approvals.decide(asked.approvalId(), good).outcome()).isEqualTo(DecisionOutcome.ALREADY_DECIDED);
    }

    @Test
    void who_started_the_run_must_not_decide_where_four_eyes_are_wanted() throws Exception {
        Workflow<Object, Decision> flow = asking(Approval.question("May it?").fourEyes());
        Pgflow pgflow = engines.start(flow);
        Approvals approvals = pgflow.executor().approvals();
        Run<Decision> run =
                pgflow.executor().start(flow, Map.of(), StartOptions.none().actor("ada"));
        awaitAsked(approvals, ApprovalFilter.all());

        assertThat(approvals
                        .decide(run.id(), "ok", Verdict.of("ada", "approve"))
                        .outcome())
                .isEqualTo(DecisionOutcome.NOT_ALLOWED);
        assertThat(approvals
                        .decide(run.id(), "ok", Verdict.of("bob", "approve"))
                        .outcome())
                .isEqualTo(DecisionOutcome.DECIDED);
        run.await(PATIENCE);
    }

    @Test
    void deadlines_ask_others_and_the_last_one_rejects() throws Exception {
        Workflow<Object, Decision> flow = asking(Approval.question("May it?")
                .roles("clerk")
                .within(Duration.ofMillis(20))
                .escalatesTo(Escalation.toRoles("head").within(Duration.ofMillis(20))));

        Decision decision = engines.start(flow).executor().start(flow, Map.of()).await(PATIENCE);

        assertThat(decision.choice()).isEqualTo(Approval.REJECT);
        assertThat(decision.expired()).isTrue();
        assertThat(engines.sql("select stage || ' ' || state from pgflow.approvals"))
                .containsExactly("2 expired");
    }

    @Test
    void events_of_approvals_go_to_a_queue_when_somebody_wants_them() throws Exception {
        Workflow<Object, Decision> flow = asking(Approval.question("May it?"));
        Pgflow pgflow = engines.start(flow);
        Approvals approvals = pgflow.executor().approvals();
        approvals.keepEvents(100);
        Run<Decision> run = pgflow.executor().start(flow, Map.of());
        awaitAsked(approvals, ApprovalFilter.all());
        approvals.decide(run.id(), "ok", Verdict.of("ada", "approve"));
        run.await(PATIENCE);
        approvals.dropEvents();

        assertThat(engines.sql("select message ->> 'event' from pgmq.q_approval_events order by msg_id"))
                .containsExactly("requested", "decided");
    }

    @Test
    void what_is_no_verdict_is_refused() {
        assertThatThrownBy(() -> Verdict.of(" ", "approve")).hasMessageContaining("an actor has a name");
        assertThatThrownBy(() -> Verdict.of("ada", "approve").withComment("\u0000"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(engines.start()
                        .executor()
                        .approvals()
                        .decide(UUID.randomUUID(), Verdict.of("ada", "x"))
                        .outcome())
                .isEqualTo(DecisionOutcome.UNKNOWN);
    }

    @Test
    void a_form_that_is_no_json_or_too_large_is_refused_like_any_payload() {
        Approvals approvals = engines.start(Engines.settings().maxPayloadBytes(1024))
                .executor()
                .approvals();
        Map<String, Object> cyclic = new HashMap<>();
        cyclic.put("itself", cyclic);
        Verdict verdict = Verdict.of("ada", "approve");

        assertThat(List.of(
                        cyclic, Map.<String, Object>of("x", "\u0000"), Map.<String, Object>of("x", "y".repeat(2000))))
                .allSatisfy(
                        form -> assertThatThrownBy(() -> approvals.decide(UUID.randomUUID(), verdict.withForm(form)))
                                .isInstanceOf(InvalidPayloadException.class)
                                .hasMessageContaining("the form of a verdict"));
    }

    private static ApprovalSnapshot awaitAsked(Approvals approvals, ApprovalFilter filter) {
        return await().until(() -> approvals.pending(filter), asked -> !asked.isEmpty())
                .get(0);
    }

    private static Workflow<Object, Decision> asking(Approval approval) {
        var definition = new WorkflowDefinition("flow", List.of(StepDefinition.of("ok", approval)), Optional.of("ok"));
        return Workflow.of(definition, Object.class, Decision.class, Map.of());
    }
}
