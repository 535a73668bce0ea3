package io.pgflow.workflow;

/**
 * The application's code that takes back what a step did.
 *
 * @param <O> what the step gave; of a map step, what one item gave
 */
@FunctionalInterface
public interface UndoHandler<O> {

    /**
     * Takes it back. It may be called more than once for one output, like any handler, and must then change nothing; see {@link
     * TaskHandler#run} for what may be thrown. What it leaves undone when it fails for good stays so until a person retries it.
     */
    void undo(O output, TaskContext task) throws Exception;
}
