package io.pgflow.workflow;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One step as data. It is checked when a {@link WorkflowDefinition} is made of it, so that all problems are reported together.
 *
 * @param name unique in the workflow, {@code ^[a-z][a-z0-9_]{0,39}$}
 * @param action what it does
 * @param after the steps that must have ended before this one starts, besides {@code over}
 * @param over makes this a map step: the step whose output array it maps, or {@link #RUN_INPUT}
 * @param options queue, timeout, retries, condition and what follows
 */
public record StepDefinition(
        String name, Action action, List<String> after, Optional<String> over, StepOptions options) {

    /** The value of {@code over} of a step that maps over the run's input. */
    public static final String RUN_INPUT = "$input";

    public StepDefinition {
        after = List.copyOf(after);
    }

    /** A step with a handler that waits for no other, with all defaults. */
    public static StepDefinition of(String name, String handler) {
        return of(name, new Action.Work(handler, Optional.empty()));
    }

    /** A step that waits for no other, with all defaults. */
    public static StepDefinition of(String name, Action action) {
        return new StepDefinition(name, action, List.of(), Optional.empty(), StepOptions.DEFAULT);
    }

    public StepDefinition withAfter(String... steps) {
        return withAfter(List.of(steps));
    }

    public StepDefinition withAfter(List<String> steps) {
        return new StepDefinition(name, action, steps, over, options);
    }

    public StepDefinition withOver(String source) {
        return new StepDefinition(name, action, after, Optional.of(source), options);
    }

    public StepDefinition withOptions(StepOptions options) {
        return new StepDefinition(name, action, after, over, options);
    }

    /** With a template for the input of the handler, or of the run that it starts; another step stays as it is. */
    public StepDefinition withInput(String json) {
        if (action instanceof Action.SubWorkflow run) {
            return new StepDefinition(name, run.input(json), after, over, options);
        }
        return handler()
                .map(handler ->
                        new StepDefinition(name, new Action.Work(handler, Optional.of(json)), after, over, options))
                .orElse(this);
    }

    /** The handler, when it has one. */
    public Optional<String> handler() {
        return action instanceof Action.Work work ? Optional.of(work.handler()) : Optional.empty();
    }

    /** The template of the input of the handler, or of the run that it starts, when there is one. */
    public Optional<String> input() {
        if (action instanceof Action.SubWorkflow run) {
            return run.input();
        }
        return action instanceof Action.Work work ? work.input() : Optional.empty();
    }

    /** True when the step has one task per item. */
    public boolean isMap() {
        return over.isPresent();
    }

    /** Every step that must have ended before this one starts: the one it maps over first, then {@code after}. */
    public List<String> dependencies() {
        List<String> all = new ArrayList<>();
        over.filter(source -> !source.startsWith(RUN_INPUT)).ifPresent(all::add);
        all.addAll(after);
        return List.copyOf(all);
    }

    public String queue() {
        return options.queue();
    }

    public Duration timeout() {
        return options.timeout();
    }

    public RetryPolicy retry() {
        return options.retry();
    }
}
