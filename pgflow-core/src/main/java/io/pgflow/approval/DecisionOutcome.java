package io.pgflow.approval;

/** What came of a verdict? Only the first two changed something. */
public enum DecisionOutcome {
    /** The choice is made, and the run goes on. */
    DECIDED,
    /** It counts; other people must make the same choice. Also when the same person says the same again. */
    VOTED,
    /** The person has made another choice before, which counts. */
    ALREADY_VOTED,
    /** The choice was made before; or by this call, whose first answer was lost. */
    ALREADY_DECIDED,
    /** The person is not one of those who are asked, or started the run where that matters. */
    NOT_ALLOWED,
    /** The choice does not exist, or the form is not filled in as it should be. */
    INVALID,
    /** It came after the deadline. */
    EXPIRED,
    /** The run has ended, or the step was skipped. */
    WITHDRAWN,
    /** There is no such question. */
    UNKNOWN;

    /** What decide_approval says. */
    static DecisionOutcome of(String answer) {
        return switch (answer) {
            case "decided" -> DECIDED;
            case "voted" -> VOTED;
            case "alreadyVoted" -> ALREADY_VOTED;
            case "alreadyDecided" -> ALREADY_DECIDED;
            case "notAllowed" -> NOT_ALLOWED;
            case "invalid" -> INVALID;
            case "expired" -> EXPIRED;
            case "withdrawn" -> WITHDRAWN;
            default -> UNKNOWN;
        };
    }
}
