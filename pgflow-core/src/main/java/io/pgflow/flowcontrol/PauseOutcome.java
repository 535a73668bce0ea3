package io.pgflow.flowcontrol;

/** What came of asking for a pause? */
public enum PauseOutcome {
    /** It is paused now, by this call. */
    PAUSED,
    /** It was paused before, and who did it, and why, is unchanged; or by this call, whose first answer was lost. */
    ALREADY_PAUSED,
    /** The run has ended. */
    ENDED,
    /** There is no such queue, workflow, step or run. */
    UNKNOWN;

    /** What pause says. */
    static PauseOutcome of(String answer) {
        return switch (answer) {
            case "paused" -> PAUSED;
            case "already paused" -> ALREADY_PAUSED;
            case "ended" -> ENDED;
            default -> UNKNOWN;
        };
    }
}
