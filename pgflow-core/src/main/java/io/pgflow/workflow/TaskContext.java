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
     * Leaves the task to the outside: when the handler returns, the task goes on without a thread and without a worker, and whoever
     * has the token ends it ({@code Executor.deferred()}, or {@code complete_deferred} and {@code fail_deferred} in SQL). What the
     * handler returns is dropped; return null. When the handler throws after this, the attempt has failed and the token is void.
     *
     * <p>The token is good at once: an answer that comes before the handler has returned is taken. Called again, this gives the
     * same token. Asks the database, and waits while it is away.
     *
     * @param patience how long the outside may take
     * @throws java.util.concurrent.CancellationException when the task was taken away from this attempt
     */
    Deferral defer(Patience patience);

    /**
     * Tells whoever watches how far the work is; returns at once. Of several reports in a short time the newest is told.
     *
     * @param fraction of the work that is done, 0 to 1
     * @param message at most 1,000 characters
     * @throws io.pgflow.worker.ProgressRefusedException {@code PGF-RUN-063} when the message is longer, {@code
     *     PGF-RUN-065} when the fraction is not from 0 to 1; it fails the attempt for good unless the handler catches it
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
