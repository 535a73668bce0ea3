package io.pgflow.worker;

import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.ClaimedTask;
import io.pgflow.internal.store.StepInputs;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.TaskInput;
import java.sql.Connection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a task reads. A claim brings it along, but for items of a map: those bring their element only, and what all items
 * share is fetched when a handler asks for it.
 */
final class ClaimedInput implements TaskInput {

    private final ClaimedTask task;
    private final StepDefinition step;
    private final TaskContext context;
    private final Supplier<StepInputs> asked;
    private final @Nullable TransactionalAttempt transaction;
    private @Nullable StepInputs shared;
    private @Nullable Map<String, String> outputs;

    /** For whoever makes the key of its output; {@code asked} gives what items share. */
    ClaimedInput(ClaimedTask task, StepDefinition step, TaskContext context, Supplier<StepInputs> asked) {
        this(task, step, context, asked, null);
    }

    /** For its handler. */
    ClaimedInput(
            ClaimedTask task,
            StepDefinition step,
            TaskContext context,
            Supplier<StepInputs> asked,
            @Nullable TransactionalAttempt transaction) {
        this.task = task;
        this.step = step;
        this.context = context;
        this.asked = asked;
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
            shared = asked.get();
        }
        return shared;
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
