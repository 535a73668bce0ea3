package io.pgflow.workflow;

import java.sql.Connection;
import java.util.Optional;

/** Everything a task reads, as JSON text. The worker provides it; typed handlers see it as {@link StepInput}. */
public interface TaskInput {

    /** The task itself. */
    TaskContext context();

    /** The step as its workflow defines it. */
    StepDefinition definition();

    /** The run's input. */
    String runInput();

    /** The output of a step that this one depends on; {@code "null"} when that step was skipped. */
    String output(String step);

    /** The item, when the step is a map step. */
    Optional<String> item();

    /**
     * The connection in whose transaction the task is completed, for a handler that {@link TaskHandler#isTransactional is
     * transactional}; the worker of any other has none.
     */
    default Connection connection() {
        throw new IllegalStateException("step " + context().step() + " is not transactional");
    }
}
