package io.pgflow.dsl.docs;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.handler;
import static io.pgflow.dsl.FlowBuilder.over;

import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.JsonFlow;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.FlowInput;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Item;
import io.pgflow.dsl.annotation.MapStep;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.util.List;

/** One workflow written in each of the ways; the regions are what the documents show. */
final class CheckoutExample {

    // region types
    record Order(String id, List<String> items, int cents) {}

    record Parcel(String item, int number) {}

    record Payment(String reference) {}

    record Label(String text) {}

    record Receipt(String reference, int parcels) {}
    // endregion

    // region keys
    static final StepKey<List<Parcel>> RESERVE = StepKey.listOf("reserve", Parcel.class);
    static final StepKey<Payment> CHARGE = StepKey.of("charge", Payment.class);
    static final StepKey<List<Label>> LABELS = StepKey.listOf("labels", Label.class);
    static final StepKey<Receipt> RECEIPT = StepKey.of("receipt", Receipt.class);
    // endregion

    private final Stock stock = new Stock();
    private final Bank bank = new Bank();
    private final Printer printer = new Printer();

    Workflow<Order, Receipt> fluent() {
        // region fluent
        Workflow<Order, Receipt> checkout = FlowBuilder.workflow("checkout", Order.class)
                .step(RESERVE, in -> stock.reserve(in.input().items()))
                .step(CHARGE, after(RESERVE).maxAttempts(5), in -> bank.charge(in.input(), in.output(RESERVE)))
                .map(LABELS, over(RESERVE), parcel -> printer.label(parcel))
                .step(RECEIPT, after(CHARGE, LABELS), in -> receipt(in.output(CHARGE), in.output(LABELS)))
                .returns(RECEIPT);
        // endregion
        return checkout;
    }

    // region annotated
    @Flow("checkout")
    static class Checkout {
        private final Stock stock = new Stock();
        private final Bank bank = new Bank();
        private final Printer printer = new Printer();

        @Step("reserve")
        List<Parcel> reserve(@FlowInput Order order) {
            return stock.reserve(order.items());
        }

        @Step(value = "charge", maxAttempts = 5)
        Payment charge(@FlowInput Order order, @From("reserve") List<Parcel> parcels) {
            return bank.charge(order, parcels);
        }

        @MapStep("labels")
        Label label(@Item("reserve") Parcel parcel) {
            return printer.label(parcel);
        }

        @Step("receipt")
        @Returns
        Receipt receipt(@From("charge") Payment payment, @From("labels") List<Label> labels) {
            return new Receipt(payment.reference(), labels.size());
        }
    }
    // endregion

    Workflow<Order, Receipt> annotated() {
        // region read-annotated
        Workflow<Order, Receipt> checkout = AnnotatedFlow.read(new Checkout(), Order.class, Receipt.class);
        // endregion
        return checkout;
    }

    Workflow<Object, Object> runtime() {
        // region runtime
        Workflow<Object, Object> checkout = FlowBuilder.runtime("checkout")
                .step("reserve", handler("checkout.reserve"))
                .step("charge", handler("checkout.charge").after("reserve").maxAttempts(5))
                .map("labels", handler("checkout.labels").over("reserve"))
                .step("receipt", handler("checkout.receipt").after("charge", "labels"))
                .returns("receipt");
        // endregion
        return checkout;
    }

    Workflow<Object, Object> json() {
        // region json
        Workflow<Object, Object> checkout = JsonFlow.read("""
                {"name": "checkout",
                 "steps": [
                   {"name": "reserve", "handler": "checkout.reserve"},
                   {"name": "charge",  "handler": "checkout.charge", "after": ["reserve"], "maxAttempts": 5},
                   {"name": "labels",  "handler": "checkout.labels", "over": "reserve"},
                   {"name": "receipt", "handler": "checkout.receipt", "after": ["charge", "labels"]}],
                 "returns": "receipt"}
                """);
        // endregion
        return checkout;
    }

    RegisteredHandler registered() {
        // region registered
        RegisteredHandler labels =
                RegisteredHandler.of("checkout.labels", Parcel.class, Label.class, in -> printer.label(in.input()));
        // endregion
        return labels;
    }

    Workflow<Object, Object> template() {
        // region template
        Workflow<Object, Object> thumbnails = FlowBuilder.runtime("thumbnails")
                .step("fetch", handler("http.get").input("""
                        {"url": {"$from": "$input", "pointer": "/page"}, "accept": "text/html"}"""))
                .map("thumbs", handler("image.resize").over("fetch").input("""
                        {"image": {"$from": "$item"}, "width": {"$from": "$input", "pointer": "/width"}}"""))
                .returns("thumbs");
        // endregion
        return thumbnails;
    }

    List<String> problems(String document) {
        // region problems
        try {
            JsonFlow.read(document);
        } catch (InvalidWorkflowException e) {
            return e.problems().stream()
                    .map(problem -> problem.code() + " " + problem.place() + " " + problem.message())
                    .toList();
        }
        // endregion
        return List.of();
    }

    private static Receipt receipt(Payment payment, List<Label> labels) {
        return new Receipt(payment.reference(), labels.size());
    }

    static final class Stock {
        List<Parcel> reserve(List<String> items) {
            return items.stream()
                    .map(item -> new Parcel(item, items.indexOf(item)))
                    .toList();
        }
    }

    static final class Bank {
        Payment charge(Order order, List<Parcel> parcels) {
            return new Payment(order.id() + "/" + parcels.size());
        }
    }

    static final class Printer {
        Label label(Parcel parcel) {
            return new Label(parcel.number() + " " + parcel.item());
        }
    }
}
