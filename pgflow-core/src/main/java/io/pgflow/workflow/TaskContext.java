package io.pgflow.workflow;

import java.util.OptionalInt;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

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

    /**
     * Tells whoever watches how far the work is; returns at once. Of several reports in a short time the newest is told.
     *
     * @param fraction of the work that is done, 0 to 1
     * @param message at most 1,000 characters
     * @throws io.pgflow.worker.ProgressRefusedException {@code PGF-RUN-063} when the message is longer
     */
    default void report(double fraction, String message) {
        report(fraction, message, null);
    }

    /** The same with a value of any kind that can be written as JSON, of at most 64 KiB. */
    default void report(double fraction, String message, @Nullable Object detail) {
        // outside of a worker nobody watches
    }

    /**
     * Gives a part of the output to whoever watches, before the handler ends; returns at once. Parts keep their order. What a later
     * attempt gives replaces what this one gave; the step's output is what the handler returns.
     *
     * @param chunk a value of any kind that can be written as JSON, of at most 64 KiB; at most 10,000 in an attempt, 4 MiB together
     * @throws io.pgflow.worker.ProgressRefusedException {@code PGF-RUN-063} or {@code PGF-RUN-064} when it is too large, or too many
     */
    default void emit(@Nullable Object chunk) {
        // outside of a worker nobody watches
    }
}
