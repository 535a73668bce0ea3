package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.HandlerTransaction;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.Report;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transaction of one attempt: the handler writes in it, and it is committed with the completion of the task or rolled back.
 *
 * <p>Who decides is the database. The completion checks the fence under the lock of the task, so of an attempt that was taken away,
 * timed out or lost, nothing is committed, whatever this process believes at that moment.
 */
final class TransactionalAttempt {

    /** The transaction was refused, mostly for what the handler did in it. */
    private static final String REFUSED = "PGF-RUN-061";

    private static final Logger log = LoggerFactory.getLogger(TransactionalAttempt.class);

    private final HandlerTransaction transaction;
    private final Connection guarded;
    /** Held while somebody ends the transaction: a connection that was given back must not be touched. */
    private final ReentrantLock ending = new ReentrantLock();

    private @Nullable Statement running;
    private boolean over;
    /** Its end has begun, and is nobody else's any more. Guarded by {@code ending}. */
    private boolean concluded;

    TransactionalAttempt(HandlerTransaction transaction) {
        this.transaction = transaction;
        this.guarded = GuardedConnection.of(transaction.connection(), this);
    }

    /** For the handler. */
    Connection connection() {
        return guarded;
    }

    /**
     * The handler has returned or thrown: completes the task and commits, or rolls back. Gives what is left to report; each is
     * safe whether or not a commit whose answer was lost took place, since it changes nothing of a task that has succeeded.
     */
    Report conclude(Report report, long workerId) {
        ending.lock();
        try {
            close();
            concluded = true;
            if (report instanceof Report.Completion completion) {
                return complete(completion, workerId);
            }
            transaction.rollBack();
            return report;
        } finally {
            ending.unlock();
        }
    }

    private Report complete(Report.Completion completion, long workerId) {
        Outcome outcome = Outcome.NOTHING;
        try {
            outcome = transaction.complete(workerId, completion);
            if (outcome.stale().contains(0)) {
                transaction.rollBack();
                return tooLate(completion);
            }
            transaction.commit();
            return new Report.Committed(completion.task(), outcome);
        } catch (DatabaseException e) {
            transaction.rollBack();
            return failed(completion, e, outcome);
        }
    }

    /** The attempt has ended before its handler: what runs is cancelled and all of it rolled back, so that nobody waits for its locks. */
    void cancel(Runnable interrupt) {
        ending.lock();
        try {
            Statement statement = close();
            if (concluded) {
                return;
            }
            cancel(statement);
            interrupt.run();
            transaction.rollBack();
        } finally {
            ending.unlock();
        }
    }

    private static void cancel(@Nullable Statement statement) {
        try {
            if (statement != null) {
                statement.cancel();
            }
        } catch (SQLException e) {
            log.debug("a statement of a handler that was taken away could not be cancelled: {}", e.getMessage());
        }
    }

    /** The handler is done with it. */
    void giveBack() {
        ending.lock();
        try {
            close();
            concluded = true;
            transaction.giveBack();
        } finally {
            ending.unlock();
        }
    }

    synchronized boolean isOver() {
        return over;
    }

    synchronized void checkNotOver() {
        if (over) {
            throw HandlerTransactionException.over();
        }
    }

    synchronized void begins(Statement statement) {
        checkNotOver();
        running = statement;
    }

    /** What began just before the transaction was over may have opened another one: it must not keep its locks. */
    void ended(Statement statement) {
        boolean late;
        synchronized (this) {
            if (statement.equals(running)) {
                running = null;
            }
            late = over;
        }
        if (late) {
            cancel(() -> {});
        }
    }

    /** From now on the handler's connection is of no use. Returns what it was executing. */
    private synchronized @Nullable Statement close() {
        over = true;
        return running;
    }

    /** A failure that is stale, and so a trace: nothing changes. */
    private static Report tooLate(Report.Completion completion) {
        return new Report.Failure(
                completion.task(),
                ErrorJson.of(
                        HandlerTransactionException.OVER,
                        "the task was taken away while its handler worked; what the handler wrote is rolled back"),
                true,
                Optional.empty());
    }

    private static Report failed(Report.Completion completion, DatabaseException e, Outcome perhaps) {
        if (e.isTransient()) {
            log.info("the attempt on {} is repeated: {}", completion.task(), e.getMessage());
            return new Report.Release(completion.task(), perhaps);
        }
        return new Report.Failure(
                completion.task(), ErrorJson.of(REFUSED, "nothing was written: " + e.reason()), true, Optional.empty());
    }
}
