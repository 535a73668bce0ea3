package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.HandlerTransaction;
import io.pgflow.internal.store.HandlerTransactions;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.Report;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the attempts whose handlers write in the transaction that completes their task, so many at once.
 *
 * <p>An attempt for which no connection is free waits in line, without a slot of the worker, which goes on with other work. Whoever has
 * a connection goes on with the first in the line when his attempt has ended. What stands in the line for too long is handed back,
 * which does not count: another worker may have a connection.
 */
final class Transactions {

    private static final Duration PAUSE = Duration.ofMillis(200);
    /** What stands behind the places of the line goes back after this time: the queue may hold other work, which comes before it then. */
    private static final Duration LONGEST_OUTSIDE = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(Transactions.class);

    private final HandlerTransactions transactions;
    private final int places;
    private final Duration patience;
    private final LongSupplier workerId;
    private final Executor background;
    private final Semaphore free;
    /** Oldest first; also attempts that have ended there. Guarded by itself. */
    private final Deque<Attempt> line = new ArrayDeque<>();

    /** {@code places} is how many attempts the line is meant for, {@code patience} how long one waits for a connection. */
    Transactions(
            HandlerTransactions transactions,
            int most,
            int places,
            Duration patience,
            LongSupplier workerId,
            Executor background) {
        this.transactions = transactions;
        this.places = places;
        this.patience = patience;
        this.workerId = workerId;
        this.background = background;
        this.free = new Semaphore(most);
    }

    /**
     * Has the attempt run: by this thread, or by one that has a connection. May run others before it, and after. Returns whether this thread
     * ran any.
     */
    boolean run(Attempt attempt) {
        synchronized (line) {
            line.add(attempt);
        }
        boolean ran = false;
        // Asked again after each turn: who comes during one finds no connection, and relies on it.
        while (size() > 0 && free.tryAcquire()) {
            try {
                Optional<Attempt> first = first();
                first.ifPresent(next -> next.report(() -> runHoldingOne(next)));
                ran |= first.isPresent();
            } finally {
                free.release();
            }
        }
        return ran;
    }

    /** How many stand behind the places of the line. They hold as much of the worker as if they stood in slots. */
    int outside() {
        return Math.max(size() - places, 0);
    }

    /** Takes out what has stood in the line for too long. */
    List<Attempt> takeBack() {
        long now = System.nanoTime();
        var back = new ArrayList<Attempt>();
        synchronized (line) {
            int place = 0;
            for (Iterator<Attempt> all = line.iterator(); all.hasNext(); ) {
                Attempt attempt = all.next();
                if (attempt.age(now) >= longest(place).toNanos()) {
                    all.remove();
                    back.add(attempt);
                } else {
                    place++;
                }
            }
        }
        if (!back.isEmpty()) {
            log.info("{} tasks go back: all connections for transactional handlers are in use", back.size());
        }
        return back;
    }

    /** Takes out everything that stands in the line. */
    List<Attempt> takeAllBack() {
        synchronized (line) {
            var all = List.copyOf(line);
            line.clear();
            return all;
        }
    }

    /** How long until something has stood in the line for too long; empty when nothing stands there. */
    Optional<Duration> untilTakeBack() {
        long now = System.nanoTime();
        Duration soonest = null;
        synchronized (line) {
            int place = 0;
            for (Attempt attempt : line) {
                Duration left = longest(place++).minusNanos(attempt.age(now));
                soonest = soonest == null || left.compareTo(soonest) < 0 ? left : soonest;
            }
        }
        return Optional.ofNullable(soonest);
    }

    private Duration longest(int place) {
        return place < places || patience.compareTo(LONGEST_OUTSIDE) < 0 ? patience : LONGEST_OUTSIDE;
    }

    private int size() {
        synchronized (line) {
            return line.size();
        }
    }

    private Optional<Attempt> first() {
        synchronized (line) {
            @Nullable Attempt first = line.poll();
            while (first != null && !first.isWaiting()) { // it was taken away while it stood there
                first = line.poll();
            }
            return Optional.ofNullable(first);
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
