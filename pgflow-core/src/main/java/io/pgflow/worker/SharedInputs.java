package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.StepInputs;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.workflow.TaskContext;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** What items of a step share. Of one claim: asked for once for each step of a run, and then known, also that it cannot be had. */
final class SharedInputs {

    private static final Duration PAUSE = Duration.ofMillis(200);

    private final TaskStore store;
    private final Map<Whose, StepInputs> known = new HashMap<>();
    private final Map<Whose, DatabaseException> refused = new HashMap<>();

    SharedInputs(TaskStore store) {
        this.store = store;
    }

    /** Throws {@link DatabaseException}; one that is not transient again for each other item. */
    StepInputs of(TaskId task) {
        var whose = new Whose(task.runId(), task.step());
        DatabaseException before = refused.get(whose);
        if (before != null) {
            throw before;
        }
        try {
            return known.computeIfAbsent(whose, asked -> store.stepInputs(asked.runId(), asked.step()));
        } catch (DatabaseException e) {
            refused.put(whose, e);
            throw e;
        }
    }

    /**
     * For the handler of a task. A database that is away is not its failure, and must not use up its attempts: its time goes on, that is
     * all.
     */
    static StepInputs patiently(TaskStore store, TaskId task, TaskContext context) {
        while (true) {
            try {
                return store.stepInputs(task.runId(), task.step());
            } catch (DatabaseException e) {
                if (!e.isTransient() || context.isCancelled() || !pause()) {
                    throw e;
                }
            }
        }
    }

    private static boolean pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private record Whose(UUID runId, short step) {}
}
