package io.pgflow.executor;

/** What came of asking to cancel a run? */
public enum CancelOutcome {
    /** It is CANCELLED now, by this call. */
    CANCELLED,
    /** It had been cancelled before; or by this call, whose first answer was lost. */
    ALREADY_CANCELLED,
    /** It had ended by itself before. */
    ALREADY_ENDED,
    /** There is no such run. */
    UNKNOWN;

    /** What cancel_runs says. */
    static CancelOutcome of(String answer) {
        return switch (answer) {
            case "cancelled" -> CANCELLED;
            case "already cancelled" -> ALREADY_CANCELLED;
            case "succeeded", "failed" -> ALREADY_ENDED;
            default -> UNKNOWN;
        };
    }
}
