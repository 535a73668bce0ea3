package io.pgflow.schedule;

import io.pgflow.DatabaseException;
import io.pgflow.PgflowException;

/** Change what you ask of the schedule: nothing was done, and trying again as it is does not help. */
public final class ScheduleRefusedException extends PgflowException {

    /** The cron expression, the time zone or the period is not valid. */
    public static final String BAD_TIMING = "PGF-RUN-042";

    /** The name or an option is not valid. */
    public static final String BAD_OPTIONS = "PGF-RUN-043";

    /** There is no schedule of that name. */
    public static final String UNKNOWN = "PGF-RUN-044";

    /** More ticks are to be filled in than one call does. */
    public static final String TOO_MANY_TICKS = "PGF-RUN-045";

    /** The database refused it. */
    public static final String REFUSED = "PGF-RUN-046";

    private static final long serialVersionUID = 1;

    private ScheduleRefusedException(String code, String message) {
        super(code, message);
    }

    private ScheduleRefusedException(DatabaseException e) {
        super(REFUSED, "the schedule was not changed: " + e.reason(), e);
    }

    static ScheduleRefusedException badTiming(String problem) {
        return new ScheduleRefusedException(
                BAD_TIMING,
                "the schedule cannot tick: " + problem + "; change its cron expression, time zone or period");
    }

    static ScheduleRefusedException badOptions(String problem) {
        return new ScheduleRefusedException(
                BAD_OPTIONS, "the schedule was not changed: " + problem + "; change its name or that option");
    }

    static ScheduleRefusedException unknown(String name) {
        return new ScheduleRefusedException(
                UNKNOWN, "there is no schedule named " + name + "; define it, or check the name");
    }

    static ScheduleRefusedException tooManyTicks(int most) {
        return new ScheduleRefusedException(
                TOO_MANY_TICKS,
                "there are more than " + most + " ticks between these moments; fill them in part by part");
    }

    static ScheduleRefusedException refused(DatabaseException e) {
        return new ScheduleRefusedException(e);
    }
}
