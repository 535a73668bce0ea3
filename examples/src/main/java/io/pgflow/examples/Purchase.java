package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.workflow.Condition.input;
import static io.pgflow.workflow.Condition.output;

import io.pgflow.Pgflow;
import io.pgflow.approval.ApprovalFilter;
import io.pgflow.approval.ApprovalSnapshot;
import io.pgflow.approval.Approvals;
import io.pgflow.approval.Verdict;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.embedded.EmbeddedPostgresServer;
import io.pgflow.executor.Run;
import io.pgflow.executor.Signal;
import io.pgflow.executor.StartOptions;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.workflow.Approval;
import io.pgflow.workflow.Decision;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;

/** Steps that wait: two people approve an order, the goods rest for a moment, and the shop waits for the carrier's signal. */
public final class Purchase {

    record Order(String item, int cents) {}

    record Delivery(String carrier) {}

    static final StepKey<Decision> RELEASE = StepKey.of("release", Decision.class);
    static final StepKey<Void> REST = StepKey.of("rest", Void.class);
    static final StepKey<Delivery> DELIVERY = StepKey.of("delivery", Delivery.class);
    static final StepKey<String> REPORT = StepKey.of("report", String.class);

    static final Workflow<Order, String> PURCHASE = FlowBuilder.workflow("purchase", Order.class)
            .approval(
                    RELEASE,
                    after(),
                    Approval.question("May this be bought?")
                            .shows(input(""))
                            .quorum(2)
                            .fourEyes())
            .sleep(REST, after(RELEASE).when(output(RELEASE, "/choice").equalTo("approve")), Duration.ofMillis(100))
            .awaitSignal(DELIVERY, after(REST), "delivered", Duration.ofDays(14))
            .step(
                    REPORT,
                    after(RELEASE, DELIVERY),
                    in -> in.input().item() + ": released by "
                            + in.output(RELEASE).votes().stream()
                                    .map(Decision.Vote::actor)
                                    .toList() + ", brought by "
                            + in.output(DELIVERY).carrier())
            .returns(REPORT);

    private Purchase() {}

    public static void main(String[] args) throws Exception {
        try (var server = EmbeddedPostgresServer.start()) {
            PgflowSchema.migrate(server.dataSource());
            try (var pgflow = Pgflow.on(server.dataSource()).with(PURCHASE).start()) {
                Run<String> run = pgflow.executor()
                        .start(
                                PURCHASE,
                                new Order("lamp", 4200),
                                StartOptions.none().actor("ada"));
                pgflow.executor().signal(Signal.of(run.id(), "delivered").withPayload(new Delivery("the post")));
                for (String person : List.of("ada", "bob", "eve")) {
                    System.out.println(person + ": " + approve(pgflow.executor().approvals(), run, person));
                }
                System.out.println(run.await(Duration.ofMinutes(1)));
            }
        }
    }

    /** What came of it. The question is asked a moment after the start. */
    private static String approve(Approvals approvals, Run<String> run, String person) throws InterruptedException {
        List<ApprovalSnapshot> asked = approvals.pending(ApprovalFilter.all().ofRun(run.id()));
        while (asked.isEmpty()) {
            Thread.sleep(10);
            asked = approvals.pending(ApprovalFilter.all().ofRun(run.id()));
        }
        return approvals
                .decide(asked.get(0).approvalId(), Verdict.of(person, "approve"))
                .outcome()
                .toString();
    }
}
