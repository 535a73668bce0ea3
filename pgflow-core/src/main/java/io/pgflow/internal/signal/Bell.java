package io.pgflow.internal.signal;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Ends a wait early. A ring before the wait ends it at once; many rings are one. */
public final class Bell {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition rung = lock.newCondition();
    private boolean ringing;

    /** Ends the wait of now, or the next one. */
    public void ring() {
        lock.lock();
        try {
            ringing = true;
            rung.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until rung, or until {@code atMost} has passed; returns whether it was rung. */
    public boolean await(Duration atMost) throws InterruptedException {
        long left = atMost.toNanos();
        lock.lockInterruptibly();
        try {
            while (!ringing && left > 0) {
                left = rung.awaitNanos(left);
            }
            boolean rung = ringing;
            ringing = false;
            return rung;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a moment that other processes do not share: {@code around}, give or take a quarter; returns whether it was rung. */
    public boolean awaitAround(Duration around) throws InterruptedException {
        long nanos = around.toNanos();
        long spread = Math.max(1, nanos / 2);
        return await(Duration.ofNanos(
                nanos - spread / 2 + ThreadLocalRandom.current().nextLong(spread)));
    }
}
