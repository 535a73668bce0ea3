package io.pgflow.testing;

import io.pgflow.workflow.Deferral;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.TaskInput;
import io.pgflow.workflow.Workflow;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** A task whose input is given by the test: what a worker would hand to a handler. */
public record FixedTask(
        String workflow, StepDefinition definition, String runInput, Map<String, String> outputs, Optional<String> item)
        implements TaskInput, TaskContext {

    public static FixedTask of(String workflow, StepDefinition definition, String runInput) {
        return new FixedTask(workflow, definition, runInput, Map.of(), Optional.empty());
    }

    public FixedTask withOutput(String step, String json) {
        Map<String, String> more = new LinkedHashMap<>(outputs);
        more.put(step, json);
        return new FixedTask(workflow, definition, runInput, more, item);
    }

    public FixedTask withItem(String json) {
        return new FixedTask(workflow, definition, runInput, outputs, Optional.of(json));
    }

    /** What the workflow's code for the step gives. */
    public String run(Workflow<?, ?> flow) throws Exception {
        TaskHandler handler = flow.handlers().get(definition.handler().orElseThrow());
        if (handler == null) {
            throw new IllegalArgumentException("the workflow has no code for " + definition.handler());
        }
        return handler.run(this);
    }

    @Override
    public TaskContext context() {
        return this;
    }

    @Override
    public String output(String step) {
        String json = outputs.get(step);
        if (json == null) {
            throw new IllegalArgumentException("the test gives no output of " + step);
        }
        return json;
    }

    @Override
    public UUID runId() {
        return new UUID(0, 1);
    }

    @Override
    public String step() {
        return definition.name();
    }

    @Override
    public OptionalInt itemIndex() {
        return item.isPresent() ? OptionalInt.of(0) : OptionalInt.empty();
    }

    @Override
    public int attempt() {
        return 1;
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    /** Nobody waits for an answer here. */
    @Override
    public Deferral defer(Patience patience) {
        return new Deferral("token_of_" + step(), patience);
    }
}
