package io.pgflow.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.Pgflow;
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
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A booking is undone in the same way whichever way its workflow is written. */
class UndoTest {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final List<String> ALL_UNDONE = List.of("label b", "label a", "payment of 2");

    record Payment(int cents) {}

    record Label(String text) {}

    private final List<String> undone = new CopyOnWriteArrayList<>();

    @Test
    void written_with_the_builder() throws Exception {
        StepKey<Payment> pay = StepKey.of("pay", Payment.class);
        StepKey<List<Label>> labels = StepKey.listOf("labels", Label.class);
        StepKey<String> ship = StepKey.of("ship", String.class);
        Workflow<?, ?> booking = FlowBuilder.workflowOver("booking", String.class)
                .step(pay, in -> new Payment(in.input().size()))
                .undo(pay, 20, (payment, task) -> undone.add("payment of " + payment.cents()))
                .map(labels, FlowBuilder.overInput(String.class).after(pay).atOnce(1), Label::new)
                .undoItems(labels, (label, task) -> undone.add("label " + label.text()))
                .step(ship, FlowBuilder.after(labels), in -> fail())
                .returns(ship);

        isUndone(booking);
    }

    @Flow("booking")
    class Booking {

        @Step("pay")
        Payment pay(@FlowInput List<String> items) {
            return new Payment(items.size());
        }

        @Undo(value = "pay", maxAttempts = 20)
        void payBack(Payment payment) {
            undone.add("payment of " + payment.cents());
        }

        @MapStep(value = "labels", after = "pay", atOnce = 1)
        Label label(@Item String item) {
            return new Label(item);
        }

        @Undo("labels")
        void tear(Label label, TaskContext task) {
            undone.add("label " + label.text());
        }

        @Step("ship")
        @Returns
        String ship(@From("labels") List<Label> labels) {
            return fail();
        }
    }

    @Test
    void written_as_a_class() throws Exception {
        isUndone(AnnotatedFlow.read(new Booking()));
    }

    @Test
    void written_as_a_document() throws Exception {
        Workflow<?, ?> booking = JsonFlow.read("""
                {"name": "booking",
                 "steps": [
                   {"name": "pay",    "handler": "bank.pay", "undo": {"handler": "bank.pay_back", "maxAttempts": 20}},
                   {"name": "labels", "handler": "labels.print", "over": "$input", "after": ["pay"], "atOnce": 1,
                    "undo": {"handler": "labels.tear"}},
                   {"name": "ship",   "handler": "ship", "after": ["labels"]}]}
                """);

        isUndone(
                booking,
                RegisteredHandler.of(
                        "bank.pay", Object.class, Payment.class, in -> new Payment(((List<?>) in.input()).size())),
                RegisteredHandler.of(
                        "bank.pay_back",
                        Payment.class,
                        Boolean.class,
                        in -> undone.add("payment of " + in.input().cents())),
                RegisteredHandler.of("labels.print", String.class, Label.class, in -> new Label(in.input())),
                RegisteredHandler.of(
                        "labels.tear",
                        Label.class,
                        Boolean.class,
                        in -> undone.add("label " + in.input().text())),
                RegisteredHandler.of("ship", Object.class, String.class, in -> fail()));
    }

    @SuppressWarnings("unchecked")
    private void isUndone(Workflow<?, ?> booking, RegisteredHandler... handlers) throws Exception {
        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource())
                        .with(booking)
                        .with(handlers)
                        .start()) {
            Run<?> run = pgflow.executor().start((Workflow<Object, Object>) booking, List.of("a", "b"));
            assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOf(RunEndedException.class);

            undoing(pgflow, run).await(PATIENCE);

            assertThat(undone).isEqualTo(ALL_UNDONE);
            assertThat(pgflow.verify()).isEmpty();
        }
    }

    private static Run<Void> undoing(Pgflow pgflow, Run<?> run) throws InterruptedException {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until) {
            Optional<Run<Void>> undo = pgflow.executor().undoOf(run.id());
            if (undo.isPresent()) {
                return undo.get();
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        throw new AssertionError("nothing undoes run " + run.id());
    }

    private static String fail() {
        throw new NonRetryableException("no ship");
    }
}
