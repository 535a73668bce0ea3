package io.pgflow.workflow;

import io.pgflow.internal.json.Json;
import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * A value that a run carries: its input, what one of its steps gave, or a part of these.
 *
 * @param from a step, or {@link StepDefinition#RUN_INPUT}
 * @param pointer a JSON Pointer, empty for the whole value
 */
public record Reference(String from, String pointer) {

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

    /** The JSON form, as in the template of an input. */
    String json() {
        return "{" + fields() + "}";
    }

    private String fields() {
        return "\"$from\":" + Json.writeTree(from)
                + (pointer.isEmpty() ? "" : ",\"pointer\":" + Json.writeTree(pointer));
    }

    private Condition test(String operator, @Nullable Object operand) {
        return new Condition("{" + fields() + ",\"" + operator + "\":"
                + Json.write(operand, Object.class, "the value that a condition compares with") + "}");
    }
}
