package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

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

    private static final int MAX_LOSSES = 3;

    private State state = State.PENDING;
    private int fence;
    private int failures;
    private int losses;
    private int releases;

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
        return is(State.SUCCEEDED) || is(State.SKIPPED);
    }

    boolean hasEndedBadly() {
        return is(State.FAILED) || is(State.CANCELLED);
    }

    /** Of several attempts the newest one has it, and only while it runs. */
    boolean isHeldBy(Claim claim) {
        return is(State.RUNNING) && fence == claim.fence();
    }

    void become(State next) {
        state = next;
    }

    void claim(Claim claim) {
        assertThat(state).as("%s", claim).isEqualTo(State.SCHEDULED);
        assertThat(claim.fence()).as("%s", claim).isGreaterThan(fence);
        assertThat(claim.attempt()).as("%s", claim).isEqualTo(failures + losses + releases + 1);
        state = State.RUNNING;
        fence = claim.fence();
    }

    /** Its handler failed; true when it is tried again. */
    boolean fail(int maxAttempts) {
        failures++;
        state = failures < maxAttempts ? State.RETRYING : state;
        return is(State.RETRYING);
    }

    /** Its worker was lost; true when another one may have it. */
    boolean lose() {
        losses++;
        state = losses < MAX_LOSSES ? State.SCHEDULED : state;
        return is(State.SCHEDULED);
    }

    /** Its worker handed it back. */
    void release() {
        releases++;
        state = State.SCHEDULED;
    }

    void cancel() {
        state = hasEnded() ? state : State.CANCELLED;
    }

    /** It begins anew, in its next generation. */
    void restart() {
        state = State.PENDING;
        failures = 0;
        losses = 0;
        releases = 0;
    }
}
