package io.pgflow.event;

import java.util.Locale;

/** What kind of thing happened? The names in lower case are those of the database. */
public enum EventType {
    /** A run was started for a later time. */
    WORKFLOW_PENDING,
    /** A run began. */
    WORKFLOW_STARTED,
    /** A run ended well. */
    WORKFLOW_COMPLETED,
    /** A run ended because a task failed. */
    WORKFLOW_FAILED,
    /** A run was cancelled. */
    WORKFLOW_CANCELLED,
    /** A run moved to another version of its workflow. */
    WORKFLOW_MOVED,
    /** A run that had not begun got the input of a later start ({@code debounce}). */
    WORKFLOW_REPLACED,
    /** A task came into being and waits for others. */
    TASK_PENDING,
    /** A task may be claimed. */
    TASK_SCHEDULED,
    /** A worker began an attempt, or a map opened its items. */
    TASK_STARTED,
    /** A handler returned and left the task to the outside, which answers with a token. */
    TASK_DEFERRED,
    /** A task ended well. */
    TASK_COMPLETED,
    /**
     * An attempt ended without a result; the task will be tried again. The event's detail has the error when the handler failed, or its
     * worker was lost ({@code PGF-RUN-020}); it is empty when the worker handed the task back, which uses up no attempt.
     */
    TASK_RETRYING,
    /** A task failed for good. */
    TASK_FAILED,
    /** A task was cancelled with its run. */
    TASK_CANCELLED,
    /** A task was passed over. */
    TASK_SKIPPED;

    static EventType of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** True for the three ways in which a run ends. */
    public boolean endsWorkflow() {
        return this == WORKFLOW_COMPLETED || this == WORKFLOW_FAILED || this == WORKFLOW_CANCELLED;
    }
}
