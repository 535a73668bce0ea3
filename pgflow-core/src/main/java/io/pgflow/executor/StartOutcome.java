package io.pgflow.executor;

/** What came of a start that another run may stand for? */
public enum StartOutcome {
    /** A run was started by it. */
    STARTED,
    /** There is a run that stands for it. */
    EXISTING,
    /** A run that has not begun has its input now, and begins later. */
    REPLACED;

    /** What start_once says. */
    static StartOutcome of(String answer) {
        return switch (answer) {
            case "existing" -> EXISTING;
            case "replaced" -> REPLACED;
            default -> STARTED;
        };
    }
}
