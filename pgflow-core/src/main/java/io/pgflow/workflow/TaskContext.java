package io.pgflow.workflow;

import java.util.OptionalInt;
import java.util.UUID;

/** Which task is a handler working on, and is its work still wanted? */
public interface TaskContext {

    /** The run that the task belongs to. */
    UUID runId();

    /** The name of the workflow. */
    String workflow();

    /** The name of the step. */
    String step();

    /** The index of the item, from 0, when the step is a map step. */
    OptionalInt itemIndex();

    /** Which try this is, from 1. */
    int attempt();

    /**
     * True once the task was taken away: its run was cancelled, its lease was lost or its time is over. Whatever the handler
     * returns after that is ignored; stop soon. The thread is interrupted too.
     */
    boolean isCancelled();
}
