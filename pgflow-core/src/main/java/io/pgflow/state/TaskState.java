package io.pgflow.state;

/** Where is a task? One of eight states; the legal moves between them stand in the database and in {@code docs/state-machine.md}. */
public enum TaskState {
    /** Waits for other tasks, or for a condition. */
    PENDING,
    /** In a queue, may be claimed. */
    SCHEDULED,
    /** Held by a worker, or deferred to something outside. */
    RUNNING,
    /** Ended well; its output is final. */
    SUCCEEDED,
    /** Ended badly, with no attempts left or an error that no retry can cure. */
    FAILED,
    /** Waits for the time of its next attempt. */
    RETRYING,
    /** Ended because its run was cancelled or failed. */
    CANCELLED,
    /** Ended without being run, by a condition or a person's decision. */
    SKIPPED;

    /** True when nothing moves the task any more. */
    public boolean isTerminal() {
        return switch (this) {
            case SUCCEEDED, FAILED, CANCELLED, SKIPPED -> true;
            case PENDING, SCHEDULED, RUNNING, RETRYING -> false;
        };
    }
}
