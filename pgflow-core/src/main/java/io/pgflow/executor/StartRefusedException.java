package io.pgflow.executor;

import io.pgflow.DatabaseException;
import io.pgflow.PgflowException;

/** Change what is started: nothing was, and trying again as it is does not help. */
public final class StartRefusedException extends PgflowException {

    /** The options are not valid. */
    public static final String BAD_OPTIONS = "PGF-RUN-004";

    /** No workflow of that name is defined. */
    public static final String UNKNOWN_WORKFLOW = "PGF-RUN-005";

    /** The database refused the start. */
    public static final String REFUSED = "PGF-RUN-006";

    private static final long serialVersionUID = 1;

    private StartRefusedException(String code, String message) {
        super(code, message);
    }

    private StartRefusedException(String code, String message, Throwable cause) {
        super(code, message, cause);
    }

    static StartRefusedException badOptions(String problem) {
        return new StartRefusedException(BAD_OPTIONS, "the run was not started: " + problem + "; change the options");
    }

    static StartRefusedException unknownWorkflow(String name) {
        return new StartRefusedException(
                UNKNOWN_WORKFLOW,
                "no workflow named " + name + " is defined in this database; define it first, or check the name");
    }

    static StartRefusedException refused(DatabaseException e) {
        return new StartRefusedException(REFUSED, "the run was not started: " + e.reason(), e);
    }
}
