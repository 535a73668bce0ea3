package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.HandlerTransaction;
import io.pgflow.internal.store.HandlerTransactions;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.Report;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the attempts whose handlers write in the transaction that completes their task, so many at once.
 *
 * <p>An attempt waits for its connection before its time begins. One that cannot have any hands its task back, which does not count.
 */
final class Transactions {

    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Logger log = LoggerFactory.getLogger(Transactions.class);

    private final HandlerTransactions transactions;
    private final Duration patience;
    private final LongSupplier workerId;
    private final Executor background;
    private final Semaphore free;

    /** {@code patience} is how long an attempt waits for a connection. */
    Transactions(
            HandlerTransactions transactions, int most, Duration patience, LongSupplier workerId, Executor background) {
        this.transactions = transactions;
        this.patience = patience;
        this.workerId = workerId;
        this.background = background;
        this.free = new Semaphore(most, true);
    }

    /** Runs the attempt to its end; gives what is to be reported of it. */
    Optional<Report> run(Attempt attempt) {
        try {
            if (!free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                return handedBack(attempt, "all connections for transactional handlers are in use");
            }
        } catch (InterruptedException e) { // the worker stops, and hands back what it holds
            return Optional.empty();
        }
        try {
            return runHoldingOne(attempt);
        } finally {
            free.release();
        }
    }

    /** On a thread of its own: a server that does not answer must not hold up who takes tasks away. */
    void cancel(TransactionalAttempt attempt, Runnable interrupt) {
        background.execute(() -> attempt.cancel(interrupt));
    }

    private Optional<Report> runHoldingOne(Attempt attempt) {
        Optional<HandlerTransaction> opened;
        try {
            opened = open(attempt);
        } catch (DatabaseException e) {
            return e.isTransient() ? handedBack(attempt, e.reason()) : refused(attempt, e);
        }
        if (opened.isEmpty()) {
            attempt.takeAway();
            return Optional.empty();
        }
        var transaction = new TransactionalAttempt(opened.get());
        try {
            Optional<Report> ended = attempt.runIn(transaction);
            attempt.tellAll();
            return ended.map(report -> transaction.conclude(report, workerId.getAsLong()));
        } finally {
            transaction.giveBack();
        }
    }

    /** A database that is away is not the handler's failure: it is asked again for a while. */
    private Optional<HandlerTransaction> open(Attempt attempt) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                return transactions.open(attempt.id(), attempt.timeout());
            } catch (DatabaseException e) {
                if (!e.isTransient() || attempt.isCancelled() || System.nanoTime() - deadline > 0 || !pause()) {
                    throw e;
                }
            }
        }
    }

    private static boolean pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static Optional<Report> handedBack(Attempt attempt, String why) {
        log.warn("{} is handed back, since it got no connection: {}", attempt.id(), why);
        return attempt.giveUp() ? Optional.of(new Report.Release(attempt.id(), Outcome.NOTHING)) : Optional.empty();
    }

    private static Optional<Report> refused(Attempt attempt, DatabaseException e) {
        return attempt.giveUp()
                ? Optional.of(new Report.Failure(attempt.id(), ErrorJson.of(e), true, Optional.empty()))
                : Optional.empty();
    }
}
