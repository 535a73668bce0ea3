package io.pgflow.dsl.docs;

import static io.pgflow.dsl.FlowBuilder.action;
import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.handler;
import static io.pgflow.dsl.FlowBuilder.outputOf;
import static io.pgflow.dsl.FlowBuilder.over;

import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.JsonFlow;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.FlowInput;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.dsl.annotation.SubWorkflow;
import io.pgflow.workflow.Action;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;

/** Steps that run other workflows; the regions are what the documents show. */
final class SubWorkflowExample {

    record Order(List<String> items, String address) {}

    record Parcel(String item) {}

    static final StepKey<Integer> WEIGH = StepKey.of("weigh", Integer.class);
    static final StepKey<List<Parcel>> PACK = StepKey.listOf("pack", Parcel.class);
    static final StepKey<List<Integer>> PARCELS = StepKey.listOf("parcels", Integer.class);
    static final StepKey<Integer> TOTAL = StepKey.of("total", Integer.class);
    static final StepKey<String> INVOICE = StepKey.of("invoice", String.class);
    static final StepKey<String> PRINT = StepKey.of("print", String.class);

    final Workflow<Integer, String> billing = FlowBuilder.workflow("billing", Integer.class)
            .step(PRINT, in -> in.input() + " grams")
            .returns(PRINT);

    Workflow<Order, String> fluent() {
        // region fluent
        Workflow<Parcel, Integer> parcel = FlowBuilder.workflow("parcel", Parcel.class)
                .step(WEIGH, in -> in.input().item().length() * 100)
                .returns(WEIGH);

        Workflow<Order, String> shipping = FlowBuilder.workflow("shipping", Order.class)
                .step(PACK, in -> pack(in.input()))
                .workflows(PARCELS, over(PACK), parcel)
                .step(TOTAL, after(PARCELS), in -> total(in.output(PARCELS)))
                .workflow(INVOICE, after(TOTAL).maxAttempts(2).deadline(Duration.ofHours(1)), billing, outputOf(TOTAL))
                .returns(INVOICE);
        // endregion
        return shipping;
    }

    // region annotated
    @Flow("shipping")
    @SubWorkflow(value = "parcels", workflow = "parcel", over = "pack")
    @SubWorkflow(
            value = "invoice",
            workflow = "billing",
            after = "total",
            maxAttempts = 2,
            deadline = "PT1H",
            input = "{\"$from\": \"total\"}")
    static class Shipping {
        @Step("pack")
        List<Parcel> pack(@FlowInput Order order) {
            return SubWorkflowExample.pack(order);
        }

        @Step("total")
        @Returns
        int total(@From("parcels") List<Integer> grams) {
            return SubWorkflowExample.total(grams);
        }
    }
    // endregion

    Workflow<Order, Integer> annotated() {
        return AnnotatedFlow.read(new Shipping(), Order.class, Integer.class);
    }

    Workflow<Object, Object> runtime() {
        // region runtime
        Workflow<Object, Object> shipping = FlowBuilder.runtime("shipping")
                .step("pack", handler("shipping.pack"))
                .map("parcels", action(Action.SubWorkflow.of("parcel")).over("pack"))
                .step("total", handler("shipping.total").after("parcels"))
                .step(
                        "invoice",
                        action(Action.SubWorkflow.of("billing"))
                                .after("total")
                                .maxAttempts(2)
                                .deadline(Duration.ofHours(1))
                                .input("{\"$from\": \"total\"}"))
                .returns("invoice");
        // endregion
        return shipping;
    }

    Workflow<Object, Object> json() {
        // region json
        Workflow<Object, Object> shipping = JsonFlow.read("""
                {"name": "shipping",
                 "steps": [
                   {"name": "pack",    "handler": "shipping.pack"},
                   {"name": "parcels", "workflow": "parcel", "over": "pack"},
                   {"name": "total",   "handler": "shipping.total", "after": ["parcels"]},
                   {"name": "invoice", "workflow": "billing", "after": ["total"], "maxAttempts": 2,
                    "deadline": "PT1H", "input": {"$from": "total"}}],
                 "returns": "invoice"}
                """);
        // endregion
        return shipping;
    }

    private static List<Parcel> pack(Order order) {
        return order.items().stream().map(Parcel::new).toList();
    }

    private static int total(List<Integer> grams) {
        return grams.stream().mapToInt(weight -> weight).sum();
    }
}
