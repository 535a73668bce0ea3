package io.pgflow.sql.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;

/** A worker that does and undoes what the steps of a workflow {@code flow} say. */
abstract class UndoSpecification extends Specification {
    long worker;

    @BeforeEach
    void a_worker_that_does_and_undoes() {
        List<String> handlers = new ArrayList<>();
        for (String step : List.of("a", "b", "c", "d", "each")) {
            handlers.addAll(List.of("flow." + step, "undo." + step));
        }
        handlers.addAll(List.of("child.work", "undo.work"));
        worker = db.workerWith(handlers.toArray(String[]::new));
    }

    void flow(String text, String... undone) {
        String definition = WorkflowText.definition("flow", text);
        for (String step : undone) {
            definition = WorkflowText.with(definition, step, undo(step, ""));
        }
        db.defineJson(definition);
    }

    static String undo(String step, String more) {
        return "\"undo\": {\"handler\": \"undo." + step + "\"" + more + "}";
    }

    /** Completes the next task; its handler. */
    String complete(String output) {
        Claim claim = db.claimOne(worker);
        db.complete(worker, claim, output);
        db.settle();
        return handler(claim);
    }

    /** Fails the next task for good, and leaves what follows to be settled. */
    String fail() {
        Claim claim = db.claimOne(worker);
        db.failForGood(worker, claim);
        return handler(claim);
    }

    String handler(Claim claim) {
        return db.texts(
                        "select s.handler from pgflow.runs r join pgflow.steps s using (workflow_id) where r.run_id = ? and s.step = ?",
                        claim.runId(),
                        claim.step())
                .get(0);
    }

    UUID undoOf(UUID run) {
        String undo = db.row("select pgflow.undo_of(?) as undo", run).text("undo");
        return undo == null ? null : UUID.fromString(undo);
    }

    String stateOf(UUID run) {
        return db.texts("select state from pgflow.undos where run_id = ?", run).get(0);
    }

    List<String> undoneSteps(UUID run) {
        return db.texts(
                "select s.name from pgflow.runs r join pgflow.steps s using (workflow_id) where r.run_id = ? order by s.step",
                undoOf(run));
    }
}
