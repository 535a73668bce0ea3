package io.pgflow.testing;

import io.pgflow.workflow.RetryPolicy;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepOptions;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A workflow of one line of text ({@link FlowText}) with code for those steps that a test is about; every other step gives its
 * own name.
 */
public final class Flow {

    /** Three tries at short intervals. */
    public static final RetryPolicy SOON = new RetryPolicy(3, Duration.ofMillis(10), Duration.ofMillis(20), 0);

    private final String name;
    private final String text;
    private final Map<String, TaskHandler> code = new HashMap<>();
    private final Map<String, UnaryOperator<StepOptions>> options = new HashMap<>();
    private Optional<String> returns = Optional.empty();

    private Flow(String name, String text) {
        this.name = name;
        this.text = text;
    }

    public static Flow of(String name, String text) {
        return new Flow(name, text);
    }

    /** A workflow of one step that gives the run's output. */
    public static <I, O> Workflow<I, O> oneStep(String name, Class<I> input, Class<O> output, TaskHandler handler) {
        return of(name, "work").step("work", handler).returns("work").typed(input, output);
    }

    public Flow step(String step, TaskHandler handler) {
        code.put(step, handler);
        return this;
    }

    public Flow options(String step, UnaryOperator<StepOptions> change) {
        options.put(step, change);
        return this;
    }

    public Flow returns(String step) {
        returns = Optional.of(step);
        return this;
    }

    public WorkflowDefinition definition() {
        List<StepDefinition> steps = FlowText.steps(name, text).stream()
                .map(step -> step.withOptions(options.getOrDefault(step.name(), UnaryOperator.identity())
                        .apply(StepOptions.DEFAULT.withRetry(SOON))))
                .toList();
        return new WorkflowDefinition(name, steps, returns);
    }

    public <I, O> Workflow<I, O> typed(Class<I> input, Class<O> output) {
        WorkflowDefinition definition = definition();
        var handlers = new HashMap<String, TaskHandler>();
        definition
                .steps()
                .forEach(step -> handlers.put(
                        step.handler().orElseThrow(), code.getOrDefault(step.name(), in -> "\"" + step.name() + "\"")));
        return Workflow.of(definition, input, output, handlers);
    }

    /** With any JSON for input and output. */
    public Workflow<Object, Object> untyped() {
        return typed(Object.class, Object.class);
    }
}
