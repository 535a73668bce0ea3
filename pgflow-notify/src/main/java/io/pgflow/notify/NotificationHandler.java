package io.pgflow.notify;

/**
 * What should happen when a notification arrives?
 *
 * <p>Calls of one subscription come one at a time, in order, on a thread that belongs to no other subscription at that moment: a slow
 * handler delays itself alone. What it throws is logged and the next call comes as usual.
 */
@FunctionalInterface
public interface NotificationHandler {
    /** A notification arrived. It is a hint: it may come twice, late, or (then {@link #caughtUp()} follows) not at all. */
    void notified(String payload);

    /**
     * Look for yourself: notifications may have been lost.
     *
     * <p>Called after LISTEN has become active, at first and after each reconnect, when the inbox overflowed, and from time to time in
     * every mode (see {@link NotificationSettings#pollFloor()}). What was committed before this call is visible to it.
     */
    default void caughtUp() {}

    /**
     * The call of {@link #caughtUp()} that comes from time to time, as far as anybody knows without a loss. Does the same, unless
     * overridden by who looks at intervals of its own.
     */
    default void polled() {
        caughtUp();
    }
}
