package io.pgflow.testkit;

import io.pgflow.state.TaskState;
import java.util.Optional;

/**
 * What became of a step, or of an item of a map? Throws an AssertionError with the graph of the run when the answer is no.
 *
 * @param <O> what the run gives
 */
public final class StepAssert<O> {

    private final RunAssert<O> run;
    private final Stage stage;
    private final RunStand.Task task;

    StepAssert(RunAssert<O> run, Stage stage, RunStand.Task task) {
        this.run = run;
        this.stage = stage;
        this.task = task;
    }

    /** It is done. */
    public StepAssert<O> succeeded() {
        return is(TaskState.SUCCEEDED);
    }

    /** No attempt was left, or none could help. */
    public StepAssert<O> failed() {
        return is(TaskState.FAILED);
    }

    /** It failed, and the message of its error contains this. */
    public StepAssert<O> failedWith(String message) {
        failed();
        if (!task.error().orElse("").contains(message)) {
            throw run.failure(name() + " should have failed with \"" + message + "\"");
        }
        return this;
    }

    /** It was passed over. */
    public StepAssert<O> skipped() {
        return is(TaskState.SKIPPED);
    }

    /** It was cancelled with its run. */
    public StepAssert<O> cancelled() {
        return is(TaskState.CANCELLED);
    }

    /** It waits for steps before it. */
    public StepAssert<O> pending() {
        return is(TaskState.PENDING);
    }

    /** It waits for a worker. */
    public StepAssert<O> scheduled() {
        return is(TaskState.SCHEDULED);
    }

    /** An attempt failed, and the next one is not due yet. */
    public StepAssert<O> retrying() {
        return is(TaskState.RETRYING);
    }

    /** It is running: a worker has it, or it waits without one. */
    public StepAssert<O> running() {
        return is(TaskState.RUNNING);
    }

    /** It waits without a worker for this: items, sleep, signal, approval, run or token. */
    public StepAssert<O> waitingFor(String what) {
        running();
        if (!task.waitsFor().equals(Optional.of(what))) {
            throw run.failure(name() + " should wait for " + what);
        }
        return this;
    }

    /**
     * It has had so many attempts, with the one of now. As for {@code maxAttempts}, those do not count whose worker was lost, or that were
     * handed back: when that happens depends on how quick the machine is.
     */
    public StepAssert<O> afterAttempts(int expected) {
        if (task.attempts() != expected) {
            throw run.failure(name() + " should have had " + expected + " attempts, but had " + task.attempts());
        }
        return this;
    }

    /** It gave this JSON; spaces and the order of fields do not matter. */
    public StepAssert<O> outputJson(String expected) {
        succeeded();
        if (!stage.isSameJson(task.output().orElse("null"), expected)) {
            throw run.failure(name() + " should have given " + expected + ", but gave "
                    + task.output().orElse("nothing"));
        }
        return this;
    }

    /** The item of this map with that index, from 0. */
    public StepAssert<O> item(int index) {
        return run.tasks(task.step()).stream()
                .filter(each -> each.item() == index + 1)
                .findFirst()
                .map(each -> new StepAssert<>(run, stage, each))
                .orElseThrow(() -> run.failure("should have an item " + index + " of step " + task.step()));
    }

    /** Another step. */
    public StepAssert<O> step(String name) {
        return run.step(name);
    }

    /** Back to its run. */
    public RunAssert<O> run() {
        return run;
    }

    private StepAssert<O> is(TaskState expected) {
        if (task.state() != expected) {
            throw run.failure(name() + " should be " + expected + ", but is " + task.state());
        }
        return this;
    }

    /** Goes after the words "the run". */
    private String name() {
        return "is not as expected: " + task.step() + (task.item() > 0 ? "[" + (task.item() - 1) + "]" : "");
    }
}
