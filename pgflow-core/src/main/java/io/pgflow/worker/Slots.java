package io.pgflow.worker;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** How many more handlers this worker may run at once. */
final class Slots {

    private final int all;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition freed = lock.newCondition();
    private int taken;

    Slots(int all) {
        this.all = all;
    }

    /** Waits until a slot is free, at most {@code atMost}; returns how many are. */
    int awaitFree(Duration atMost) throws InterruptedException {
        long left = atMost.toNanos();
        lock.lockInterruptibly();
        try {
            while (taken >= all && left > 0) {
                left = freed.awaitNanos(left);
            }
            return all - taken;
        } finally {
            lock.unlock();
        }
    }

    void take() {
        lock.lock();
        try {
            taken++;
        } finally {
            lock.unlock();
        }
    }

    void free() {
        lock.lock();
        try {
            taken--;
            freed.signal();
        } finally {
            lock.unlock();
        }
    }

    int taken() {
        lock.lock();
        try {
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until no slot is taken, at most {@code atMost}; returns whether that came true. */
    boolean awaitAllFree(Duration atMost) throws InterruptedException {
        long left = atMost.toNanos();
        lock.lockInterruptibly();
        try {
            while (taken > 0 && left > 0) {
                left = freed.awaitNanos(left);
            }
            return taken == 0;
        } finally {
            lock.unlock();
        }
    }
}
