package io.pgflow.service;

import io.pgflow.PgflowException;
import io.pgflow.internal.arch.ModulePrivate;
import java.time.Duration;
import java.util.UUID;

/** Ask later: the service had not answered in time. The call goes on, and its result is kept under {@link #callId}. */
public final class CallTimeoutException extends PgflowException {

    /** The one code of this exception. */
    public static final String CODE = "PGF-RUN-047";

    private static final long serialVersionUID = 1;

    private final UUID callId;

    /** For {@code Executor}. */
    @ModulePrivate
    public CallTimeoutException(String service, UUID callId, Duration timeout) {
        super(
                CODE,
                "service " + service + " has not answered within " + timeout + "; ask for the result of call " + callId
                        + " later, or call with more patience");
        this.callId = callId;
    }

    /** For {@code Executor.result}. */
    public UUID callId() {
        return callId;
    }
}
