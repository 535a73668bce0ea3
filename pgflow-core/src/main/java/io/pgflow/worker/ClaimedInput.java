package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.ClaimedTask;
import io.pgflow.internal.store.StepInputs;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.TaskInput;
import java.sql.Connection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a task reads. A claim brings it along, but for items of a map: those bring their element only, and what all items
 * share is fetched when a handler asks for it.
 */
final class ClaimedInput implements TaskInput {

    private static final Duration PAUSE = Duration.ofMillis(200);

    private final ClaimedTask task;
    private final StepDefinition step;
    private final TaskContext context;
    private final TaskStore store;
    private final @Nullable TransactionalAttempt transaction;
    private @Nullable StepInputs shared;
    private @Nullable Map<String, String> outputs;

    ClaimedInput(
            ClaimedTask task,
            StepDefinition step,
            TaskContext context,
            TaskStore store,
            @Nullable TransactionalAttempt transaction) {
        this.task = task;
        this.step = step;
        this.context = context;
        this.store = store;
        this.transaction = transaction;
    }

    @Override
    public TaskContext context() {
        return context;
    }

    @Override
    public StepDefinition definition() {
        return step;
    }

    @Override
    public String runInput() {
        return isItem() ? shared().input() : textOf(task.input());
    }

    @Override
    public String output(String name) {
        if (outputs == null) {
            outputs = byStep(isItem() ? shared().outputs() : task.outputs());
        }
        return outputs.getOrDefault(name, "null");
    }

    @Override
    public Optional<String> item() {
        return isItem() ? Optional.of(textOf(task.input())) : Optional.empty();
    }

    @Override
    public Connection connection() {
        return transaction == null ? TaskInput.super.connection() : transaction.connection();
    }

    private boolean isItem() {
        return task.id().item() > 0;
    }

    private StepInputs shared() {
        if (shared == null) {
            shared = fetched();
        }
        return shared;
    }

    /** A database that is away is not the handler's failure, and must not use up its attempts: its time goes on, that is all. */
    private StepInputs fetched() {
        while (true) {
            try {
                return store.stepInputs(task.id().runId(), task.id().step());
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

    private static String textOf(@Nullable String json) {
        return json == null ? "null" : json;
    }

    private static Map<String, String> byStep(@Nullable String json) {
        var byStep = new HashMap<String, String>();
        if (json != null) {
            var object = (Map<?, ?>) Json.tree(json, "the outputs of the parents");
            if (object != null) {
                object.forEach((name, output) -> byStep.put((String) name, Json.writeTree(output)));
            }
        }
        return byStep;
    }
}
