package io.pgflow.workflow;

import java.sql.Connection;

/**
 * The application's code that takes back what a step did, with writes that are committed together with its task: exactly once.
 *
 * @param <O> what the step gave; of a map step, what one item gave
 */
@FunctionalInterface
public interface TransactionalUndoHandler<O> {

    /** Takes it back, under the rules of {@link TransactionalHandler#handle}. */
    void undo(O output, TaskContext task, Connection connection) throws Exception;
}
