package io.pgflow.dsl;

import io.pgflow.workflow.Action;
import io.pgflow.workflow.StepDefinition;

/**
 * Where does the input of a run come from that a step starts? Made by {@link FlowBuilder#runInput}, {@link FlowBuilder#outputOf} and {@link
 * FlowBuilder#template}. The database starts the run, so this is data and no code: what has to be computed is the output of a step before.
 *
 * @param <I> what this run's input must be
 * @param <C> what the other run's input is
 */
@SuppressWarnings("UnusedTypeParameter") // I and C are for the compiler of the application
public final class ChildInput<I, C> {

    private final String template;

    private ChildInput(String template) {
        this.template = template;
    }

    static <C> ChildInput<C, C> identity() {
        return new ChildInput<>(reference(StepDefinition.RUN_INPUT));
    }

    static <C> ChildInput<Object, C> from(String step) {
        return new ChildInput<>(reference(step));
    }

    static <C> ChildInput<Object, C> of(String json) {
        return new ChildInput<>(json);
    }

    Action.SubWorkflow into(Action.SubWorkflow run) {
        return run.input(template);
    }

    private static String reference(String from) {
        return "{\"$from\":\"" + from + "\"}";
    }
}
