package io.pgflow.executor;

import io.pgflow.PgflowException;
import java.time.Duration;
import java.util.UUID;

/** Wait longer, or look at the run: it had not ended in time. The run goes on. */
public final class AwaitTimeoutException extends PgflowException {

    /** The one code of this exception. */
    public static final String CODE = "PGF-RUN-003";

    private static final long serialVersionUID = 1;

    AwaitTimeoutException(UUID runId, Duration timeout) {
        super(CODE, "run " + runId + " has not ended within " + timeout + "; wait longer, or look at its tasks");
    }
}
