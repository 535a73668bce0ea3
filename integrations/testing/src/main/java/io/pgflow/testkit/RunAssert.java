package io.pgflow.testkit;

import io.pgflow.executor.Run;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import io.pgflow.workflow.DidYouMean;
import io.pgflow.workflow.StepKey;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of a run? Each question looks at the run as it stood when the assertion was made, and throws an AssertionError with the
 * graph of the run (its tasks, their states, attempts and errors) when the answer is no.
 *
 * @param <O> what the run gives
 */
public final class RunAssert<O> {

    private static final Duration AT_ONCE = Duration.ofSeconds(10);

    private final Stage stage;
    private final RunStand run;
    private final Optional<Run<O>> handle;

    RunAssert(Stage stage, UUID runId, Optional<Run<O>> handle) {
        this.stage = stage;
        this.run = stage.stand(runId);
        this.handle = handle;
    }

    /** It has ended, and well. */
    public RunAssert<O> succeeded() {
        return is(RunState.SUCCEEDED);
    }

    /** It has ended, and badly. */
    public RunAssert<O> failed() {
        return is(RunState.FAILED);
    }

    /** It has ended badly, and this step, or an item of it, has failed. */
    public RunAssert<O> failedAt(String step) {
        failed();
        if (tasks(step).stream().noneMatch(task -> task.state() == TaskState.FAILED)) {
            throw failure("should have failed at step " + step);
        }
        return this;
    }

    /** It was cancelled. */
    public RunAssert<O> cancelled() {
        return is(RunState.CANCELLED);
    }

    /** It has begun, and has not ended. */
    public RunAssert<O> running() {
        return is(RunState.RUNNING);
    }

    /** It waits for the time at which it is to begin. */
    public RunAssert<O> pending() {
        return is(RunState.PENDING);
    }

    /** This step was passed over. */
    public RunAssert<O> skipped(String step) {
        step(step).skipped();
        return this;
    }

    /** It has succeeded and gave this, compared by equals. For {@code assertThatRun} use {@link #outputJson}. */
    public RunAssert<O> output(@Nullable O expected) {
        succeeded();
        @Nullable O given = value();
        if (!Objects.equals(given, expected)) {
            throw failure("should have given " + expected + ", but gave " + given);
        }
        return this;
    }

    /** It has succeeded and gave this JSON; spaces and the order of fields do not matter. */
    public RunAssert<O> outputJson(String expected) {
        succeeded();
        if (!stage.isSameJson(run.output().orElse("null"), expected)) {
            throw failure("should have given " + expected + ", but gave "
                    + run.output().orElse("nothing"));
        }
        return this;
    }

    /** The step of that name: of a map the map as a whole. */
    public StepAssert<O> step(String name) {
        return new StepAssert<>(this, stage, tasks(name).get(0));
    }

    /** The same by its key. */
    public StepAssert<O> step(StepKey<?> key) {
        return step(key.name());
    }

    /** The graph of the run as text, as failures show it. */
    public String graph() {
        return RunPicture.of(run);
    }

    List<RunStand.Task> tasks(String step) {
        List<RunStand.Task> found =
                run.tasks().stream().filter(task -> task.step().equals(step)).toList();
        if (found.isEmpty()) {
            List<String> names =
                    run.tasks().stream().map(RunStand.Task::step).distinct().toList();
            throw failure("should have a step " + step
                    + DidYouMean.question(step, names)
                            .map(question -> " (" + question + ")")
                            .orElse(""));
        }
        return found;
    }

    AssertionError failure(String what) {
        return new AssertionError("the run " + what + "\n" + graph());
    }

    private RunAssert<O> is(RunState expected) {
        if (run.state() != expected) {
            throw failure("should be " + expected + ", but is " + run.state());
        }
        return this;
    }

    private @Nullable O value() {
        try {
            return handle.orElseThrow(() -> new IllegalStateException(
                            "the type of the output is not known; use assertThat(run), or outputJson"))
                    .await(AT_ONCE); // it has ended: this only reads
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the output was read", e);
        }
    }
}
