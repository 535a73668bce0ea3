package io.pgflow.state;

/** Where is a run? */
public enum RunState {
    /** Recorded, to be started later. */
    PENDING,
    /** Has at least one task that is not at its end. */
    RUNNING,
    /** Every task ended well or was skipped. */
    SUCCEEDED,
    /** A task failed for good. */
    FAILED,
    /** Stopped by a caller. */
    CANCELLED;

    /** True when nothing moves the run any more. */
    public boolean isTerminal() {
        return switch (this) {
            case SUCCEEDED, FAILED, CANCELLED -> true;
            case PENDING, RUNNING -> false;
        };
    }
}
