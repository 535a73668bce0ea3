package io.pgflow.operation;

/** What came of an operation? All but {@link #DONE} say why nothing was changed. */
public enum OperationOutcome {
    /** It was done. */
    DONE,
    /** The run has not begun. */
    PENDING,
    /** The step waits for its parents, a worker or a retry, so it runs anyway. */
    WAITING,
    /** The run, the task, or a step that comes after it, is running. */
    RUNNING,
    /** The run or task has succeeded. */
    SUCCEEDED,
    /** The task was skipped. */
    SKIPPED,
    /** What the run did is being undone, or is to be: retry or cancel the run that does it. Or this run undoes another one. */
    UNDOING,
    /** What the run did was undone, as far as a person wanted it; start it again instead. */
    UNDONE,
    /** There is no such run, step or item. */
    UNKNOWN;

    /** True for {@link #DONE}. */
    public boolean isDone() {
        return this == DONE;
    }

    /** What the functions of the database say. */
    static OperationOutcome of(String answer) {
        return switch (answer) {
            case "retried", "rerun", "set", "done", "started", "already started" -> DONE;
            case "pending" -> PENDING;
            case "waiting" -> WAITING;
            case "running" -> RUNNING;
            case "succeeded" -> SUCCEEDED;
            case "already skipped", "skipped" -> SKIPPED;
            case "undoing" -> UNDOING;
            case "undone" -> UNDONE;
            default -> UNKNOWN;
        };
    }
}
