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
import io.pgflow.dsl.annotation.Undo;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.Workflow;
import java.util.ArrayList;
import java.util.List;

/** Steps that are undone; the regions are what the documents show. */
final class UndoExample {

    record Trip(List<String> nights) {}

    record Payment(String reference) {}

    record Room(String night) {}

    static final StepKey<Payment> PAY = StepKey.of("pay", Payment.class);
    static final StepKey<List<String>> NIGHTS = StepKey.listOf("nights", String.class);
    static final StepKey<List<Room>> ROOMS = StepKey.listOf("rooms", Room.class);
    static final StepKey<String> FLIGHT = StepKey.of("flight", String.class);

    /** What was taken back. */
    final List<String> undone = new ArrayList<>();

    Workflow<Trip, String> fluent() {
        // region fluent
        Workflow<Trip, String> travel = FlowBuilder.workflow("travel", Trip.class)
                .step(PAY, in -> pay(in.input()))
                .undo(PAY, 20, (payment, task) -> payBack(payment))
                .step(NIGHTS, after(PAY), in -> in.input().nights())
                .map(ROOMS, over(NIGHTS), this::book)
                .undoItems(ROOMS, (room, task) -> release(room))
                .step(FLIGHT, after(ROOMS).maxAttempts(5), in -> fly(in.output(ROOMS)))
                .returns(FLIGHT);
        // endregion
        return travel;
    }

    // region annotated
    @Flow("travel")
    class Travel {
        @Step("pay")
        Payment pay(@FlowInput Trip trip) {
            return UndoExample.this.pay(trip);
        }

        @Undo(value = "pay", maxAttempts = 20)
        void payBack(Payment payment) {
            UndoExample.this.payBack(payment);
        }

        @Step(value = "nights", after = "pay")
        List<String> nights(@FlowInput Trip trip) {
            return trip.nights();
        }

        @MapStep("rooms")
        Room book(@Item("nights") String night) {
            return UndoExample.this.book(night);
        }

        @Undo("rooms")
        void release(Room room, TaskContext task) {
            UndoExample.this.release(room);
        }

        @Step(value = "flight", maxAttempts = 5)
        @Returns
        String fly(@From("rooms") List<Room> rooms) {
            return UndoExample.this.fly(rooms);
        }
    }
    // endregion

    Workflow<Trip, String> annotated() {
        return AnnotatedFlow.read(new Travel(), Trip.class, String.class);
    }

    Workflow<Object, Object> runtime() {
        // region runtime
        Workflow<Object, Object> travel = FlowBuilder.runtime("travel")
                .step("pay", handler("travel.pay").undo("travel.pay.undo", 20))
                .step("nights", handler("travel.nights").after("pay"))
                .map("rooms", handler("travel.rooms").over("nights").undo("travel.rooms.undo"))
                .step("flight", handler("travel.flight").after("rooms").maxAttempts(5))
                .returns("flight");
        // endregion
        return travel;
    }

    Workflow<Object, Object> json() {
        // region json
        Workflow<Object, Object> travel = JsonFlow.read("""
                {"name": "travel",
                 "steps": [
                   {"name": "pay",    "handler": "travel.pay",
                    "undo": {"handler": "travel.pay.undo", "maxAttempts": 20}},
                   {"name": "nights", "handler": "travel.nights", "after": ["pay"]},
                   {"name": "rooms",  "handler": "travel.rooms", "over": "nights",
                    "undo": {"handler": "travel.rooms.undo"}},
                   {"name": "flight", "handler": "travel.flight", "after": ["rooms"], "maxAttempts": 5}],
                 "returns": "flight"}
                """);
        // endregion
        return travel;
    }

    private Payment pay(Trip trip) {
        return new Payment("for " + trip.nights().size());
    }

    private void payBack(Payment payment) {
        undone.add("payment " + payment.reference());
    }

    private Room book(String night) {
        return new Room(night);
    }

    private void release(Room room) {
        undone.add("room " + room.night());
    }

    private String fly(List<Room> rooms) {
        return "after " + rooms.size() + " nights";
    }
}
