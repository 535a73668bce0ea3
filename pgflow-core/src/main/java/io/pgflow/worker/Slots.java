package io.pgflow.worker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * So many handlers run at once. What was claimed beyond that waits here for one of them to end, oldest first.
 *
 * <p>A thread that has run one attempt goes on with the next that waits, and ends when none does. A thread that comes calls up to two
 * more when there is work for them: so many begin soon, and whoever claims does not spend its time on waking them.
 */
final class Slots {

    /** What waits shall begin within this time, as far as one can tell. Larger claims cost less for each task. */
    private static final Duration AHEAD = Duration.ofMillis(20);

    private static final int MOST_AHEAD = 500;

    /** What waits shall read no more characters than this together, as far as one can tell: it is in the heap. */
    private static final int LARGEST_AHEAD = 4 << 20;

    /** When no thread was to be had for a handler, nothing is claimed in this time but for the threads that there are. */
    private static final Duration REST = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(Slots.class);

    private final int all;
    private final Executor threads;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Attempt> waiting = new ArrayDeque<>();
    private final Pace pace = new Pace(System.nanoTime());
    /** How many characters an attempt reads on average: grows at once, and falls by half with each claim. */
    private int usualSize = 1;

    /** Threads that were called and have not come. */
    private int called;
    /** Threads that have come and not gone: each runs an attempt. */
    private int taken;
    /** Until then no thread is likely to be had, on this JVM's clock for durations. */
    private long restsUntil = System.nanoTime();

    Slots(int all, Executor threads) {
        this.all = all;
        this.threads = threads;
    }

    /**
     * Waits until it makes sense to claim, at most {@code atMost}; returns how many tasks. It does when a slot is free and nothing
     * waits for it, and when half of what may wait has begun.
     */
    int awaitRoom(Duration atMost) throws InterruptedException {
        long left = atMost.toNanos();
        lock.lockInterruptibly();
        try {
            while (room() == 0 && left > 0) {
                long rest = restsUntil - System.nanoTime(); // nobody tells when it is over
                long pause = rest > 0 ? Math.min(rest, left) : left;
                left -= pause - changed.awaitNanos(pause);
            }
            return room();
        } finally {
            lock.unlock();
        }
    }

    /** Runs these as soon as slots are free, in their order. */
    void run(List<Attempt> attempts) {
        lock.lock();
        try {
            waiting.addAll(attempts);
            weigh(attempts);
            call();
        } finally {
            lock.unlock();
        }
    }

    private void weigh(List<Attempt> attempts) {
        long size = attempts.stream().mapToLong(Attempt::size).sum();
        usualSize = (int) Math.max(size / Math.max(attempts.size(), 1), Math.max(usualSize / 2, 1));
    }

    /** How many run. */
    int taken() {
        lock.lock();
        try {
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** How many wait for a slot. */
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    private int room() {
        long now = System.nanoTime();
        boolean rests = restsUntil - now > 0;
        if (rests && taken == 0) {
            return 0;
        }
        int ahead = Math.min(pace.within(AHEAD, now), Math.min(MOST_AHEAD, LARGEST_AHEAD / usualSize));
        int held = taken + waiting.size();
        int atOnce = rests ? taken : all;
        return held < atOnce || waiting.size() <= ahead / 2 ? Math.max(atOnce + ahead - held, 0) : 0;
    }

    /** Calls a thread when more attempts wait than threads are on their way. */
    private void call() {
        if (waiting.size() <= called || taken + called >= all) {
            return;
        }
        called++;
        try {
            threads.execute(this::work);
        } catch (RuntimeException | Error e) { // no thread to be had: others take it, or it is handed back
            called--;
            restsUntil = System.nanoTime() + REST.toNanos(); // or it would be claimed again at once, and again
            log.warn(
                    "no thread for a handler; for {}, no more is claimed than the threads take that there are",
                    REST,
                    e);
        }
    }

    private void work() {
        Attempt attempt = first();
        try {
            while (attempt != null) {
                attempt = next(attempt.run());
            }
        } finally {
            if (attempt != null) { // an Error went past the attempt; its slot is free all the same
                leave();
            }
        }
    }

    private @Nullable Attempt first() {
        lock.lock();
        try {
            called--;
            Attempt attempt = waiting.poll();
            if (attempt != null) {
                taken++;
                call();
                call();
            }
            return attempt;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Attempt next(boolean handlerEnded) {
        lock.lock();
        try {
            if (handlerEnded) {
                pace.ended(System.nanoTime());
            }
            Attempt attempt = waiting.poll();
            if (attempt == null) {
                taken--;
            }
            if (room() > 0) {
                changed.signalAll();
            }
            return attempt;
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            taken--;
            call();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** How long until the first that waits has waited for {@code time}; empty when nothing waits. */
    Optional<Duration> untilWaited(Duration time) {
        lock.lock();
        try {
            long now = System.nanoTime();
            return Optional.ofNullable(waiting.peek()).map(first -> time.minusNanos(first.age(now)));
        } finally {
            lock.unlock();
        }
    }

    /** Takes out what was claimed so long ago and still waits; everything that waits, for zero. */
    List<Attempt> takeBack(Duration claimedAgo) {
        lock.lock();
        try {
            long now = System.nanoTime();
            var old = new ArrayList<Attempt>();
            while (!waiting.isEmpty() && waiting.element().age(now) >= claimedAgo.toNanos()) {
                old.add(waiting.remove());
            }
            if (!old.isEmpty()) { // a thread that was called for them finds nothing, and tells nobody
                changed.signalAll();
            }
            return old;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until no slot is taken and nothing waits for one, at most {@code atMost}; returns whether that came true. */
    boolean awaitAllFree(Duration atMost) throws InterruptedException {
        long left = atMost.toNanos();
        lock.lockInterruptibly();
        try {
            while (!isFree() && left > 0) {
                left = changed.awaitNanos(left);
            }
            return isFree();
        } finally {
            lock.unlock();
        }
    }

    private boolean isFree() {
        return taken == 0 && waiting.isEmpty();
    }
}
