package io.pgflow.workflow;

import java.lang.reflect.Type;
import java.util.Map;

/**
 * A definition together with the types of its input and output and, when it was written in Java, the code of its steps.
 * What {@code FlowBuilder}, an annotated class and a JSON document all become.
 *
 * @param <I> the type of a run's input
 * @param <O> the type of a run's output; {@code Void} when the workflow returns none
 */
@SuppressWarnings("UnusedTypeParameter") // I and O are for the compiler of the application
public final class Workflow<I, O> {

    private final WorkflowDefinition definition;
    private final Type inputType;
    private final Type outputType;
    private final Map<String, TaskHandler> handlers;

    private Workflow(
            WorkflowDefinition definition, Type inputType, Type outputType, Map<String, TaskHandler> handlers) {
        this.definition = definition;
        this.inputType = inputType;
        this.outputType = outputType;
        this.handlers = Map.copyOf(handlers);
    }

    /**
     * A workflow with its code. The caller answers for {@code I} and {@code O} being what the two types say.
     *
     * @param handlers the code by handler name
     */
    public static <I, O> Workflow<I, O> of(
            WorkflowDefinition definition, Type inputType, Type outputType, Map<String, TaskHandler> handlers) {
        return new Workflow<>(definition, inputType, outputType, handlers);
    }

    /** A workflow made at run time: its handlers are registered with the workers, its input and output are any JSON value. */
    public static Workflow<Object, Object> of(WorkflowDefinition definition) {
        return new Workflow<>(definition, Object.class, Object.class, Map.of());
    }

    /** The graph as data. */
    public WorkflowDefinition definition() {
        return definition;
    }

    /** What {@code I} is, for reading and writing JSON. */
    public Type inputType() {
        return inputType;
    }

    /** What {@code O} is, for reading and writing JSON. */
    public Type outputType() {
        return outputType;
    }

    /** The code by handler name; empty for a workflow made at run time. */
    public Map<String, TaskHandler> handlers() {
        return handlers;
    }

    /** The workflow's name. */
    public String name() {
        return definition.name();
    }

    /** The definition as JSON, see {@link WorkflowDefinition#toJson}. */
    public String toJson() {
        return definition.toJson();
    }

    /** The definition as a drawing, see {@link WorkflowDefinition#toMermaid}. */
    public String toMermaid() {
        return definition.toMermaid();
    }

    @Override
    public String toString() {
        return "Workflow[" + name() + "]";
    }
}
