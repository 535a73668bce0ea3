package io.pgflow.schedule;

/**
 * What becomes of ticks that were missed, because for more than a minute no process was there, or the database was not?
 *
 * @param most how many of them start a run, the newest ones; at most 1,000
 */
public record CatchUp(Policy policy, int most) {

    private static final int MOST = 1000;

    /** What becomes of missed ticks. */
    public enum Policy {
        /** None starts a run. */
        SKIP,
        /** The newest one starts a run, unless a tick has just come. */
        ONCE,
        /** The newest ones start a run each. */
        ALL
    }

    /** @throws ScheduleRefusedException {@code PGF-RUN-043} when there are too many */
    public CatchUp {
        if (most < 1 || most > MOST) {
            throw ScheduleRefusedException.badOptions("catching up on " + most + " ticks is not between 1 and " + MOST);
        }
    }

    /** Missed ticks start nothing. */
    public static CatchUp skip() {
        return new CatchUp(Policy.SKIP, 1);
    }

    /** Missed ticks start one run together; this is so unless said otherwise. */
    public static CatchUp once() {
        return new CatchUp(Policy.ONCE, 1);
    }

    /** Missed ticks start a run each, at most so many, the newest ones. */
    public static CatchUp all(int most) {
        return new CatchUp(Policy.ALL, most);
    }
}
