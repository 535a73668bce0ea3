package io.pgflow.workflow;

/**
 * A part of what a task works on, that a limit looks at: of the run's input, of what a step before gave, or of its item.
 *
 * @param from {@link StepDefinition#RUN_INPUT}, {@link #ITEM}, or the name of a step that the limited one depends on
 * @param pointer a JSON Pointer such as {@code /tenant}; empty for the whole value
 */
public record Part(String from, String pointer) {

    /** The item of a map step. */
    public static final String ITEM = "$item";

    /** A part of the run's input. */
    public static Part input(String pointer) {
        return new Part(StepDefinition.RUN_INPUT, pointer);
    }

    /** A part of the item, for a map step. */
    public static Part item(String pointer) {
        return new Part(ITEM, pointer);
    }

    /** A part of what a step gave. */
    public static Part output(StepKey<?> step, String pointer) {
        return new Part(step.name(), pointer);
    }

    /** Reads the short form: {@code $input/tenant} is the part {@code /tenant} of {@code $input}. */
    public static Part of(String text) {
        int end = text.indexOf('/');
        return end < 0 ? new Part(text, "") : new Part(text.substring(0, end), text.substring(end));
    }
}
