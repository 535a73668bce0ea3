package io.pgflow.service;

import io.pgflow.PgflowException;
import io.pgflow.internal.arch.ModulePrivate;
import java.util.Optional;
import java.util.UUID;

/** Look at the service: it failed, or its call was cancelled. */
public final class CallFailedException extends PgflowException {

    /** Its handler failed and no attempt was left; or it had not ended by its deadline. */
    public static final String FAILED = "PGF-RUN-048";

    /** Somebody cancelled the call. */
    public static final String CANCELLED = "PGF-RUN-049";

    private static final long serialVersionUID = 1;

    private final UUID callId;
    private final String errorJson;

    /** For {@code Executor}. */
    @ModulePrivate
    public CallFailedException(String code, String service, UUID callId, String errorJson, Throwable cause) {
        super(
                code,
                "call " + callId + " of service " + service + " "
                        + (code.equals(CANCELLED) ? "was cancelled" : "failed: " + errorJson)
                        + "; look at its error and at the service",
                cause);
        this.callId = callId;
        this.errorJson = errorJson;
    }

    public UUID callId() {
        return callId;
    }

    /** The step that failed and its error, as JSON: {@code {"step": "call", "error": {"code": ..., "message": ...}}}. */
    public Optional<String> errorJson() {
        return errorJson.isEmpty() ? Optional.empty() : Optional.of(errorJson);
    }
}
