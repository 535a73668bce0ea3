package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Does a step run in this run? A predicate on the run's input and on the outputs of the steps it comes after, which the
 * database decides when all of them have ended.
 *
 * <pre>{@code
 * output(QUOTE, "/cents").greaterThan(100_00).and(input("/country").in("CH", "DE"))
 * }</pre>
 *
 * <p>It is total: a comparison with something that is missing, or of another kind, is false and never an error. Numbers compare
 * by value, texts by code point; nothing else has an order.
 *
 * @param json the JSON form, which {@code docs/defining-workflows.md} describes; checked when a {@link WorkflowDefinition} is made
 */
public record Condition(String json) {

    /** Conditions that differ only in white space are one; a malformed one is kept for the check to report. */
    public Condition {
        try {
            json = Json.writeTree(Json.tree(json, "the condition"));
        } catch (InvalidPayloadException e) {
            // reported with its place when the definition is checked
        }
    }

    /** A part of the run's input; the pointer is a JSON Pointer such as {@code /items/0}, empty for all of it. */
    public static Reference input(String pointer) {
        return new Reference(StepDefinition.RUN_INPUT, pointer);
    }

    /** What a step gave. */
    public static Reference output(StepKey<?> step) {
        return output(step, "");
    }

    /** A part of what a step gave. */
    public static Reference output(StepKey<?> step, String pointer) {
        return new Reference(step.name(), pointer);
    }

    /** A part of what the step of that name gave, for workflows made at run time. */
    public static Reference output(String step, String pointer) {
        return new Reference(step, pointer);
    }

    /** Holds when the other does not. */
    public static Condition not(Condition condition) {
        return new Condition("{\"not\":" + condition.json + "}");
    }

    /** Holds when this one and all others hold. */
    public Condition and(Condition... others) {
        return joined("and", others);
    }

    /** Holds when this one or one of the others holds. */
    public Condition or(Condition... others) {
        return joined("or", others);
    }

    private Condition joined(String word, Condition... others) {
        return new Condition(Stream.concat(Stream.of(this), Arrays.stream(others))
                .map(Condition::json)
                .collect(Collectors.joining(",", "{\"" + word + "\":[", "]}")));
    }
}
