package io.pgflow.worker;

import io.pgflow.PgflowException;

/**
 * The code of a transactional handler must be corrected: it tried to end the transaction that the engine ends,
 * or to defer its task ({@link #NOT_YOURS}), or used its connection after that ({@link #OVER}). The second is also what a handler meets that goes on after its
 * task was taken away: it should stop.
 */
public final class HandlerTransactionException extends PgflowException {

    /** Commit, rollback, close and the like are the engine's. */
    public static final String NOT_YOURS = "PGF-RUN-060";

    /** The transaction has ended: the handler has returned, its time is over, or its task was taken away. */
    public static final String OVER = "PGF-RUN-062";

    private static final long serialVersionUID = 1;

    HandlerTransactionException(String code, String message) {
        super(code, message);
    }

    static HandlerTransactionException notYours(String method) {
        return new HandlerTransactionException(
                NOT_YOURS,
                "a transactional handler called " + method
                        + " on its connection, whose transaction is completed with the task; return to commit, throw to roll back");
    }

    static HandlerTransactionException deferred() {
        return new HandlerTransactionException(
                NOT_YOURS,
                "a transactional handler cannot defer its task, since what it wrote is committed when it returns, with its output; defer"
                        + " in a step that is not transactional");
    }

    static HandlerTransactionException over() {
        return new HandlerTransactionException(
                OVER,
                "the transaction of a handler is used after its end: the handler has returned, its time is over or its task was taken"
                        + " away; use the connection only before the handler returns, and stop when task().isCancelled()");
    }
}
