package io.pgflow.notify;

/** How do subscriptions learn of news at the moment? Only the speed depends on it. */
public enum Mode {
    /** Notifications arrive; the check of the way there and back succeeded. */
    NOTIFY,
    /** Connected, but a notification to ourselves did not arrive (a transaction pooler, another database): polling. */
    POLLING,
    /** The LISTEN connection is not there, or not there yet: polling until it is. */
    RECONNECTING,
    /** Switched off by the settings: nothing listens, nothing notifies, polling only. */
    OFF
}
