package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.over;

import io.pgflow.Pgflow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.embedded.EmbeddedPostgresServer;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;

/** The smallest whole program: define, start, await. The README shows it. */
// region program
public final class Checkout {

    record Order(List<String> items, int cents) {}

    record Receipt(String payment, List<String> labels) {}

    static final StepKey<List<String>> RESERVE = StepKey.listOf("reserve", String.class);
    static final StepKey<String> CHARGE = StepKey.of("charge", String.class);
    static final StepKey<List<String>> LABELS = StepKey.listOf("labels", String.class);
    static final StepKey<Receipt> RECEIPT = StepKey.of("receipt", Receipt.class);

    static final Workflow<Order, Receipt> CHECKOUT = FlowBuilder.workflow("checkout", Order.class)
            .step(RESERVE, in -> in.input().items())
            .step(
                    CHARGE,
                    after(RESERVE).maxAttempts(5),
                    in -> "paid " + in.input().cents() + " cents")
            .map(LABELS, over(RESERVE), item -> "label of " + item)
            .step(RECEIPT, after(CHARGE, LABELS), in -> new Receipt(in.output(CHARGE), in.output(LABELS)))
            .returns(RECEIPT);

    private Checkout() {}

    public static void main(String[] args) throws Exception {
        try (var server = EmbeddedPostgresServer.start()) {
            PgflowSchema.migrate(server.dataSource());
            try (var pgflow = Pgflow.on(server.dataSource()).with(CHECKOUT).start()) {
                var run = pgflow.executor().start(CHECKOUT, new Order(List.of("book", "lamp"), 4200));
                System.out.println(run.await(Duration.ofMinutes(1)));
            }
        }
    }
}
// endregion
