package io.pgflow.executor;

/** What came of sending a signal? */
public enum SignalOutcome {
    /** A step that waited for it has it. */
    DELIVERED,
    /** No step waits for it yet; the first one that does gets it. */
    KEPT,
    /** The run has had it before, under the same name and id, or by this call, whose first answer was lost; nothing changed. */
    REPEATED,
    /** The run has ended; the signal is dropped. */
    RUN_ENDED,
    /** There is no such run. */
    UNKNOWN_RUN;

    /** What signal_run says. */
    static SignalOutcome of(String answer) {
        return switch (answer) {
            case "delivered" -> DELIVERED;
            case "kept" -> KEPT;
            case "repeated" -> REPEATED;
            case "ended" -> RUN_ENDED;
            default -> UNKNOWN_RUN;
        };
    }
}
