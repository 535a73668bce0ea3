package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
    public static Subject input(String pointer) {
        return new Subject(StepDefinition.RUN_INPUT, pointer);
    }

    /** What a step gave. */
    public static Subject output(StepKey<?> step) {
        return output(step, "");
    }

    /** A part of what a step gave. */
    public static Subject output(StepKey<?> step, String pointer) {
        return new Subject(step.name(), pointer);
    }

    /** A part of what the step of that name gave, for workflows made at run time. */
    public static Subject output(String step, String pointer) {
        return new Subject(step, pointer);
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

    /**
     * What a condition looks at.
     *
     * @param from a step, or {@link StepDefinition#RUN_INPUT}
     * @param pointer a JSON Pointer, empty for the whole value
     */
    public record Subject(String from, String pointer) {

        /** There is a value, be it null. What a skipped step would have given is missing. */
        public Condition exists() {
            return test("exists", true);
        }

        public Condition isMissing() {
            return test("exists", false);
        }

        public Condition equalTo(@Nullable Object value) {
            return test("eq", value);
        }

        /** True also when there is no value. */
        public Condition notEqualTo(@Nullable Object value) {
            return test("ne", value);
        }

        /** Equals one of them. */
        public Condition in(Object... values) {
            return test("in", Arrays.asList(values));
        }

        /** Equals one of them. */
        public Condition in(Collection<?> values) {
            return test("in", values);
        }

        public Condition lessThan(Object value) {
            return test("lt", value);
        }

        public Condition atMost(Object value) {
            return test("lte", value);
        }

        public Condition greaterThan(Object value) {
            return test("gt", value);
        }

        public Condition atLeast(Object value) {
            return test("gte", value);
        }

        /** A list with an element that equals the value, or a text that has the text in it. */
        public Condition contains(@Nullable Object value) {
            return test("contains", value);
        }

        private Condition test(String operator, @Nullable Object operand) {
            String at = pointer.isEmpty() ? "" : "\"pointer\":" + Json.writeTree(pointer) + ",";
            return new Condition("{\"$from\":" + Json.writeTree(from) + "," + at + "\"" + operator + "\":"
                    + Json.write(operand, Object.class, "the value that a condition compares with") + "}");
        }
    }
}
