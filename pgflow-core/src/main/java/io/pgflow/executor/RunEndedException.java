package io.pgflow.executor;

import io.pgflow.PgflowException;
import io.pgflow.state.RunState;
import java.util.Optional;
import java.util.UUID;

/** Look at the run: it ended without a result. Thrown to whoever waits for the result. */
public final class RunEndedException extends PgflowException {

    /** A task failed and no attempt was left. */
    public static final String FAILED = "PGF-RUN-001";

    /** It had not ended by its deadline, and failed. */
    public static final String LATE = "PGF-RUN-040";

    /** Somebody cancelled it. */
    public static final String CANCELLED = "PGF-RUN-002";

    private static final long serialVersionUID = 1;

    private final UUID runId;
    private final RunState state;
    private final String errorJson;

    RunEndedException(UUID runId, RunState state, String code, String what, String errorJson) {
        super(code, "run " + runId + " " + what + "; look at its tasks and events");
        this.runId = runId;
        this.state = state;
        this.errorJson = errorJson;
    }

    public UUID runId() {
        return runId;
    }

    /** FAILED or CANCELLED. */
    public RunState state() {
        return state;
    }

    /** The step that failed and its error, as JSON. */
    public Optional<String> errorJson() {
        return errorJson.isEmpty() ? Optional.empty() : Optional.of(errorJson);
    }
}
