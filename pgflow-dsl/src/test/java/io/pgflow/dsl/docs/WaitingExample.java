package io.pgflow.dsl.docs;

import static io.pgflow.dsl.FlowBuilder.action;
import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.handler;
import static io.pgflow.workflow.Condition.input;

import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.JsonFlow;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.FlowInput;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.dsl.annotation.Wait;
import io.pgflow.executor.Executor;
import io.pgflow.executor.Run;
import io.pgflow.executor.Signal;
import io.pgflow.executor.SignalOutcome;
import io.pgflow.workflow.Action;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;

/** Steps that wait without a worker; the regions are what the documents show. */
final class WaitingExample {

    record Booking(String guest, String arrival) {}

    record Deposit(int cents) {}

    static final StepKey<String> OFFER = StepKey.of("offer", String.class);
    static final StepKey<Deposit> DEPOSIT = StepKey.of("deposit", Deposit.class);
    static final StepKey<Void> ARRIVAL = StepKey.of("arrival", Void.class);
    static final StepKey<String> WELCOME = StepKey.of("welcome", String.class);

    Workflow<Booking, String> fluent() {
        // region fluent
        Workflow<Booking, String> stay = FlowBuilder.workflow("stay", Booking.class)
                .step(OFFER, in -> offer(in.input()))
                .awaitSignal(
                        DEPOSIT,
                        after(OFFER).onFailure(OnFailure.fallBackTo(new Deposit(0))),
                        "paid",
                        Duration.ofDays(7))
                .sleepUntil(ARRIVAL, after(DEPOSIT), input("/arrival"))
                .step(WELCOME, after(DEPOSIT, ARRIVAL), in -> welcome(in.input(), in.output(DEPOSIT)))
                .returns(WELCOME);
        // endregion
        return stay;
    }

    Workflow<Booking, String> annotated() {
        return AnnotatedFlow.read(new Stay(), Booking.class, String.class);
    }

    // region annotated
    @Flow("stay")
    @Wait(
            value = "deposit",
            after = "offer",
            signal = "paid",
            within = "P7D",
            onFailure = OnFailure.Reaction.FALLBACK,
            fallback = "{\"cents\": 0}")
    @Wait(value = "arrival", after = "deposit", sleep = "{\"$from\": \"$input\", \"pointer\": \"/arrival\"}")
    static class Stay {
        @Step("offer")
        String offer(@FlowInput Booking booking) {
            return WaitingExample.offer(booking);
        }

        @Step(value = "welcome", after = "arrival")
        @Returns
        String welcome(@FlowInput Booking booking, @From("deposit") Deposit deposit) {
            return WaitingExample.welcome(booking, deposit);
        }
    }
    // endregion

    Workflow<Object, Object> runtime() {
        // region runtime
        Workflow<Object, Object> stay = FlowBuilder.runtime("stay")
                .step("offer", handler("stay.offer"))
                .step(
                        "deposit",
                        action(Action.AwaitSignal.of("paid").within(Duration.ofDays(7)))
                                .after("offer")
                                .onFailure(OnFailure.fallBackTo(new Deposit(0))))
                .step("arrival", action(Action.Sleep.until(input("/arrival"))).after("deposit"))
                .step("welcome", handler("stay.welcome").after("deposit", "arrival"))
                .returns("welcome");
        // endregion
        return stay;
    }

    Workflow<Object, Object> json() {
        // region json
        Workflow<Object, Object> stay = JsonFlow.read("""
                {"name": "stay",
                 "steps": [
                   {"name": "offer",   "handler": "stay.offer"},
                   {"name": "deposit", "signal": "paid", "within": "P7D", "after": ["offer"],
                    "onFailure": "fallback", "fallback": {"cents": 0}},
                   {"name": "arrival", "sleep": {"$from": "$input", "pointer": "/arrival"}, "after": ["deposit"]},
                   {"name": "welcome", "handler": "stay.welcome", "after": ["deposit", "arrival"]}],
                 "returns": "welcome"}
                """);
        // endregion
        return stay;
    }

    SignalOutcome paid(Executor executor, Run<String> stay, String transfer) {
        // region signal
        Signal paid = Signal.of(stay.id(), "paid")
                .withPayload(new Deposit(50_00))
                .withId(transfer)
                .withActor("bank");
        SignalOutcome outcome = executor.signal(paid);
        // endregion
        return outcome;
    }

    private static String offer(Booking booking) {
        return "a room for " + booking.guest();
    }

    private static String welcome(Booking booking, Deposit deposit) {
        return "welcome " + booking.guest() + ", " + deposit.cents();
    }
}
