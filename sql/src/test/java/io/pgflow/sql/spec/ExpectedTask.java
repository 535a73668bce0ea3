package io.pgflow.sql.spec;

/** What the tables must show of one task. */
final class ExpectedTask {
    enum State {
        PENDING,
        SCHEDULED,
        RUNNING,
        RETRYING,
        SUCCEEDED,
        FAILED,
        CANCELLED,
        SKIPPED
    }

    private State state = State.PENDING;
    private int failures;
    private int losses;

    State state() {
        return state;
    }

    boolean is(State expected) {
        return state == expected;
    }

    boolean hasEnded() {
        return hasEndedWell() || hasEndedBadly();
    }

    boolean hasEndedWell() {
        return state == State.SUCCEEDED || state == State.SKIPPED;
    }

    boolean hasEndedBadly() {
        return state == State.FAILED || state == State.CANCELLED;
    }

    void become(State next) {
        state = next;
    }

    void cancel() {
        state = hasEnded() ? state : State.CANCELLED;
    }

    /** It begins anew, in its next generation. */
    void restart() {
        state = State.PENDING;
        failures = 0;
        losses = 0;
    }

    /** Its handler failed; true when it is tried again. */
    boolean retriesAfterFailure(int maxAttempts) {
        failures++;
        state = failures < maxAttempts ? State.RETRYING : state;
        return failures < maxAttempts;
    }

    /** Its worker was lost; true when another one may have it. */
    boolean survivesLoss() {
        losses++;
        state = losses < 3 ? State.SCHEDULED : state;
        return losses < 3;
    }
}
