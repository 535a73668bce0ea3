package io.pgflow.workflow;

/**
 * What may a step read? The run's input and the outputs of the steps it depends on.
 *
 * <p>Values are read from JSON when they are asked for. A value that does not fit its type throws
 * {@link io.pgflow.InvalidPayloadException} ({@code PGF-DAT-004}) naming workflow, step and place; let it pass, trying again
 * cannot help.
 *
 * @param <I> the type of the run's input
 */
public interface StepInput<I> {

    /** The run's input; for a {@link RegisteredHandler} what the step's input template gives. */
    I input();

    /**
     * The output of a step that this one depends on; null when that step gave null or was skipped.
     *
     * @throws InvalidWorkflowException {@code PGF-WFL-023} when this step does not depend on it: add it to {@code after(...)}
     */
    <T> T output(StepKey<T> dependency);

    /** The task being worked on. */
    TaskContext task();
}
