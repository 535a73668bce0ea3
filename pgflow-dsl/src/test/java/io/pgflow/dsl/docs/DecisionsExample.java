package io.pgflow.dsl.docs;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.overInput;
import static io.pgflow.workflow.Condition.output;

import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.JsonFlow;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Item;
import io.pgflow.dsl.annotation.MapStep;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.workflow.Collected;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.Otherwise;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.util.List;
import java.util.Objects;

/** Steps that run only sometimes, or may fail; the regions are what the documents show. */
final class DecisionsExample {

    record Parcel(String item, int grams) {}

    record Invoice(int cents, int parcels) {}

    static final StepKey<Collected<Integer>> WEIGH = StepKey.collectedOf("weigh", Integer.class);
    static final StepKey<Integer> POSTAGE = StepKey.of("postage", Integer.class);
    static final StepKey<String> INSURE = StepKey.of("insure", String.class);
    static final StepKey<Invoice> INVOICE = StepKey.of("invoice", Invoice.class);

    Workflow<List<Parcel>, Invoice> fluent() {
        // region fluent
        Workflow<List<Parcel>, Invoice> shipping = FlowBuilder.workflowOver("shipping", Parcel.class)
                .collect(WEIGH, overInput(Parcel.class).atOnce(10), parcel -> weigh(parcel))
                .step(
                        POSTAGE,
                        after(WEIGH).onFailure(OnFailure.fallBackTo(900)),
                        in -> postage(in.output(WEIGH).outputs()))
                .step(
                        INSURE,
                        after(POSTAGE)
                                .when(output(POSTAGE).greaterThan(2000))
                                .otherwise(Otherwise.SKIP)
                                .onFailure(OnFailure.SKIP),
                        in -> insure(in.input()))
                .step(INVOICE, after(POSTAGE, INSURE), in -> invoice(in.output(POSTAGE), in.input()))
                .returns(INVOICE);
        // endregion
        return shipping;
    }

    Workflow<List<Parcel>, Invoice> annotated() {
        @SuppressWarnings("unchecked") // a list has no class of its own
        Class<List<Parcel>> parcels = (Class<List<Parcel>>) (Class<?>) List.class;
        return AnnotatedFlow.read(new Shipping(), parcels, Invoice.class);
    }

    Workflow<Object, Object> json() {
        // region json
        Workflow<Object, Object> shipping = JsonFlow.read("""
                {"name": "shipping",
                 "steps": [
                   {"name": "weigh",   "handler": "shipping.weigh", "over": "$input", "collect": true, "atOnce": 10},
                   {"name": "postage", "handler": "shipping.postage", "after": ["weigh"],
                    "onFailure": "fallback", "fallback": 900},
                   {"name": "insure",  "handler": "shipping.insure", "after": ["postage"],
                    "when": {"$from": "postage", "gt": 2000}, "otherwise": "skip", "onFailure": "skip"},
                   {"name": "invoice", "handler": "shipping.invoice", "after": ["postage", "insure"]}],
                 "returns": "invoice"}
                """);
        // endregion
        return shipping;
    }

    @Flow("shipping")
    static class Shipping {
        @MapStep(value = "weigh", collect = true, atOnce = 10)
        int weigh(@Item Parcel parcel) {
            return DecisionsExample.weigh(parcel);
        }

        @Step(value = "postage", onFailure = OnFailure.Reaction.FALLBACK, fallback = "900")
        int postage(@From("weigh") Collected<Integer> weights) {
            return DecisionsExample.postage(weights.outputs());
        }

        @Step(
                value = "insure",
                when = "{\"$from\": \"postage\", \"gt\": 2000}",
                onFailure = OnFailure.Reaction.SKIP,
                after = "postage")
        String insure() {
            return "insured";
        }

        @Step(value = "invoice", after = "insure")
        @Returns
        Invoice invoice(@From("postage") int cents) {
            return new Invoice(cents, 0);
        }
    }

    private static int weigh(Parcel parcel) {
        return parcel.grams();
    }

    private static int postage(List<Integer> grams) {
        return grams.stream()
                .filter(Objects::nonNull)
                .mapToInt(weight -> weight)
                .sum();
    }

    private static String insure(List<Parcel> parcels) {
        return "insured " + parcels.size();
    }

    private static Invoice invoice(int cents, List<Parcel> parcels) {
        return new Invoice(cents, parcels.size());
    }
}
