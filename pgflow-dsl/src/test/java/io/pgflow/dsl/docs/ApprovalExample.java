package io.pgflow.dsl.docs;

import static io.pgflow.dsl.FlowBuilder.action;
import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.handler;
import static io.pgflow.workflow.Condition.input;
import static io.pgflow.workflow.Condition.output;

import io.pgflow.approval.ApprovalFilter;
import io.pgflow.approval.ApprovalSnapshot;
import io.pgflow.approval.Approvals;
import io.pgflow.approval.DecisionResult;
import io.pgflow.approval.Verdict;
import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.JsonFlow;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.FlowInput;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.dsl.annotation.Wait;
import io.pgflow.workflow.Approval;
import io.pgflow.workflow.Decision;
import io.pgflow.workflow.Escalation;
import io.pgflow.workflow.FormField;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Steps that ask people; the regions are what the documents show. */
final class ApprovalExample {

    record Invoice(String supplier, int cents) {}

    static final StepKey<Decision> RELEASE = StepKey.of("release", Decision.class);
    static final StepKey<String> PAY = StepKey.of("pay", String.class);

    Workflow<Invoice, String> fluent() {
        // region fluent
        Approval release = Approval.question("May this invoice be paid?")
                .shows(input(""))
                .form(FormField.text("account").mustBeFilled())
                .roles("finance")
                .quorum(2)
                .fourEyes()
                .within(Duration.ofDays(2))
                .escalatesTo(Escalation.toRoles("head").within(Duration.ofDays(1)));
        Workflow<Invoice, String> payment = FlowBuilder.workflow("payment", Invoice.class)
                .approval(RELEASE, after(), release)
                .step(
                        PAY,
                        after(RELEASE).when(output(RELEASE, "/choice").equalTo(Approval.APPROVE)),
                        in -> pay(in.input(), in.output(RELEASE)))
                .returns(PAY);
        // endregion
        return payment;
    }

    Workflow<Invoice, String> annotated() {
        return AnnotatedFlow.read(new Payment(), Invoice.class, String.class);
    }

    Workflow<Object, Object> runtime() {
        return FlowBuilder.runtime("payment")
                .step(
                        "release",
                        action(Approval.question("May this invoice be paid?")
                                .shows(input(""))
                                .form(FormField.text("account").mustBeFilled())
                                .roles("finance")
                                .quorum(2)
                                .fourEyes()
                                .within(Duration.ofDays(2))
                                .escalatesTo(Escalation.toRoles("head").within(Duration.ofDays(1)))))
                .step(
                        "pay",
                        handler("payment.pay")
                                .after("release")
                                .when(output("release", "/choice").equalTo("approve")))
                .returns("pay");
    }

    Workflow<Object, Object> json() {
        // region json
        Workflow<Object, Object> payment = JsonFlow.read("""
                {"name": "payment",
                 "steps": [
                   {"name": "release",
                    "approval": {"question": "May this invoice be paid?", "show": {"$from": "$input"},
                                 "form": [{"name": "account", "type": "text", "required": true}],
                                 "roles": ["finance"], "quorum": 2, "fourEyes": true,
                                 "within": "PT48H", "escalate": [{"roles": ["head"], "within": "PT24H"}]}},
                   {"name": "pay", "handler": "payment.pay", "after": ["release"],
                    "when": {"$from": "release", "pointer": "/choice", "eq": "approve"}}],
                 "returns": "pay"}
                """);
        // endregion
        return payment;
    }

    @Flow("payment")
    @Wait(value = "release", approval = """
                    {"question": "May this invoice be paid?", "show": {"$from": "$input"},
                     "form": [{"name": "account", "type": "text", "required": true}],
                     "roles": ["finance"], "quorum": 2, "fourEyes": true,
                     "within": "PT48H", "escalate": [{"roles": ["head"], "within": "PT24H"}]}""")
    static class Payment {
        @Step(value = "pay", when = "{\"$from\": \"release\", \"pointer\": \"/choice\", \"eq\": \"approve\"}")
        @Returns
        String pay(@FlowInput Invoice invoice, @From("release") Decision decision) {
            return ApprovalExample.pay(invoice, decision);
        }
    }

    DecisionResult decide(Approvals approvals) {
        // region decide
        List<ApprovalSnapshot> mine = approvals.pending(ApprovalFilter.of("ada", "finance"));
        DecisionResult result = approvals.decide(
                mine.get(0).approvalId(),
                Verdict.of("ada", "approve")
                        .withRoles("finance")
                        .withForm(Map.of("account", "DE02 1203 0000 0000 2020 51"))
                        .withComment("as ordered"));
        // endregion
        return result;
    }

    private static String pay(Invoice invoice, Decision decision) {
        return invoice.cents() + " to " + decision.form().get("account");
    }
}
