package io.pgflow;

import io.pgflow.executor.AwaitTimeoutException;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.StartRefusedException;
import io.pgflow.schedule.ScheduleRefusedException;
import io.pgflow.service.CallFailedException;
import io.pgflow.service.CallTimeoutException;
import io.pgflow.worker.HandlerTransactionException;
import io.pgflow.worker.ProgressRefusedException;
import io.pgflow.workflow.InvalidWorkflowException;

/**
 * What can go wrong with pgflow itself? Every exception it throws is one of this sealed family; the first sentence of each
 * member says who must act.
 *
 * <p>The message reads {@code [code] what happened; why; what to do}. The code ({@code PGF-WFL-006}) never changes its
 * meaning and is what to search for; the words may be improved at any time.
 */
public abstract sealed class PgflowException extends RuntimeException
        permits AwaitTimeoutException, //
                CallFailedException, //
                CallTimeoutException, //
                DatabaseException, //
                HandlerTransactionException, //
                IncompatibleDatabaseException, //
                InvalidPayloadException, //
                InvalidSettingsException, //
                InvalidWorkflowException, //
                ProgressRefusedException, //
                RunEndedException, //
                ScheduleRefusedException, //
                StartRefusedException {

    private static final long serialVersionUID = 1;

    private final String code;
    private final String reason;

    /** Called by the members of the family; {@code message} comes without the code. */
    protected PgflowException(String code, String message) {
        super("[" + code + "] " + message);
        this.code = code;
        this.reason = message;
    }

    /** Called by the members of the family; {@code message} comes without the code. */
    protected PgflowException(String code, String message, Throwable cause) {
        super("[" + code + "] " + message, cause);
        this.code = code;
        this.reason = message;
    }

    /** The stable name of this kind of error, for example {@code PGF-DAT-004}. */
    public final String code() {
        return code;
    }

    /** The message without the code. */
    public final String reason() {
        return reason;
    }
}
