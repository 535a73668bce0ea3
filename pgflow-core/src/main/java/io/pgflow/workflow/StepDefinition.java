package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One step as data. It is checked when a {@link WorkflowDefinition} is made of it, so that all problems are reported together.
 *
 * @param name unique in the workflow, {@code ^[a-z][a-z0-9_]{0,39}$}
 * @param handler the name under which a worker knows the code; {@code <workflow>.<step>} for a typed step
 * @param after the steps that must have ended before this one starts, besides {@code over}
 * @param over makes this a map step: the step whose output array it maps, or {@link #RUN_INPUT}
 * @param options queue, timeout and retries
 * @param input the JSON template of the handler's input, for steps with registered handlers; see {@link RegisteredHandler}
 */
public record StepDefinition(
        String name,
        String handler,
        List<String> after,
        Optional<String> over,
        StepOptions options,
        Optional<String> input) {

    /** The value of {@code over} of a step that maps over the run's input. */
    public static final String RUN_INPUT = "$input";

    public StepDefinition {
        after = List.copyOf(after);
        input = input.map(StepDefinition::withoutSpaces);
    }

    /** A step that waits for no other, with all defaults. */
    public static StepDefinition of(String name, String handler) {
        return new StepDefinition(name, handler, List.of(), Optional.empty(), StepOptions.DEFAULT, Optional.empty());
    }

    public StepDefinition withAfter(String... steps) {
        return withAfter(List.of(steps));
    }

    public StepDefinition withAfter(List<String> steps) {
        return new StepDefinition(name, handler, steps, over, options, input);
    }

    public StepDefinition withOver(String source) {
        return new StepDefinition(name, handler, after, Optional.of(source), options, input);
    }

    public StepDefinition withOptions(StepOptions options) {
        return new StepDefinition(name, handler, after, over, options, input);
    }

    public StepDefinition withInput(String json) {
        return new StepDefinition(name, handler, after, over, options, Optional.of(json));
    }

    /** True when the step has one task per item. */
    public boolean isMap() {
        return over.isPresent();
    }

    /** Every step that must have ended before this one starts: the one it maps over first, then {@code after}. */
    public List<String> dependencies() {
        List<String> all = new ArrayList<>();
        over.filter(source -> !source.equals(RUN_INPUT)).ifPresent(all::add);
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

    /** Definitions that differ only in white space are one definition; a malformed template is kept for the check to report. */
    private static String withoutSpaces(String template) {
        try {
            return Json.writeTree(Json.tree(template, "the input template"));
        } catch (InvalidPayloadException e) {
            return template;
        }
    }
}
