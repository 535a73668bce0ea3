package io.pgflow.worker;

import io.pgflow.internal.store.Report;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Ends of attempts that wait to be reported. */
final class Reports {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Report> waiting = new ArrayDeque<>();
    private boolean closed;

    void add(Report report) {
        lock.lock();
        try {
            waiting.add(report);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a report, however long that takes, and takes what has gathered, at most {@code limit}; none when closed. */
    List<Report> take(int limit) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (waiting.isEmpty() && !closed) {
                changed.await();
            }
            var taken = new ArrayList<Report>(Math.min(limit, waiting.size()));
            while (taken.size() < limit && !waiting.isEmpty()) {
                taken.add(waiting.remove());
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** From now on nobody waits for reports. To be called when whoever takes them has been told to stop. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }
}
