package io.pgflow.testkit;

import java.util.EnumSet;
import java.util.Set;

/**
 * At which call of the engine to its database shall something go wrong? Each is named by the function that is called; what the function
 * does stands in the SQL.
 */
public enum Call {
    /** A run is started. The caller's own transaction is not meant, but met too. */
    START("start_runs"),
    /** The worker asks for tasks. */
    CLAIM("claim_tasks"),
    /** The worker, which does not know what it claimed, gives back what it does not know of. */
    RECOVER_CLAIMS("recover_claims"),
    /** The outputs of attempts are reported. */
    COMPLETE("complete_tasks"),
    /** A transactional handler has returned, and its task is completed in its transaction; {@link #COMMIT} follows. */
    COMPLETE_IN_TRANSACTION("complete_in_transaction"),
    /** A transaction is committed: of a transactional handler, or the test's own. */
    COMMIT("commit"),
    /** The errors of attempts are reported. */
    FAIL("fail_tasks"),
    /** Tasks are left to the outside. */
    DEFER("defer_tasks"),
    /** Tasks are handed back. */
    RELEASE("release_tasks"),
    /** What follows from ended steps is decided. */
    SETTLE("settle_steps"),
    /** Tasks of limited steps are let in. */
    ADMIT("admit_tasks"),
    /** It is asked what is due. */
    UPKEEP("upkeep_due"),
    /** Retries, sleeps and delayed starts that are due begin. */
    FIRE_TIMERS("fire_timers"),
    /** Deadlines that have passed end runs. */
    FIRE_DEADLINES("fire_deadlines"),
    /** Schedules that are due start runs. */
    ADVANCE_SCHEDULES("advance_schedules"),
    /** A run is told something. */
    SIGNAL("signal_run"),
    /** Runs are cancelled. */
    CANCEL("cancel_runs");

    private static final Set<Call> OF_THE_TEST = EnumSet.of(START, SIGNAL, CANCEL);

    private final String function;

    Call(String function) {
        this.function = function;
    }

    /** Whether a worker makes it, or upkeep, by itself; the others are made by whoever calls the engine. */
    boolean isMadeByTheEngine() {
        return !OF_THE_TEST.contains(this);
    }

    /** The function in schema pgflow; {@code commit} for {@link #COMMIT}, which is none. */
    public String function() {
        return function;
    }
}
