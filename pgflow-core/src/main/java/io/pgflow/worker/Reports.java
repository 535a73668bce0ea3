package io.pgflow.worker;

import io.pgflow.internal.store.Report;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Ends of attempts that wait to be reported. They are counted and weighed, in the characters of outputs and errors: a thousand
 * may be nothing, or more than the heap has.
 */
final class Reports {

    private static final int LARGEST_BATCH = 1000;
    private static final int LARGEST_BATCH_SIZE = 4 << 20;
    private static final int LARGEST_BACKLOG = 5000;
    private static final int LARGEST_BACKLOG_SIZE = 16 << 20;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Report> waiting = new ArrayDeque<>();
    private long size;
    private boolean closed;

    void add(Report report) {
        lock.lock();
        try {
            waiting.add(report);
            size += report.size();
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

    /** Whether so much waits that nothing more should be begun. */
    boolean isFull() {
        lock.lock();
        try {
            return waiting.size() > LARGEST_BACKLOG || size > LARGEST_BACKLOG_SIZE;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a report, however long that takes, and takes what has gathered, as far as one call shall carry it; none when closed. */
    List<Report> take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (waiting.isEmpty() && !closed) {
                changed.await();
            }
            var taken = new ArrayList<Report>(Math.min(LARGEST_BATCH, waiting.size()));
            long sizeBefore = size;
            while (!waiting.isEmpty() && taken.size() < LARGEST_BATCH && sizeBefore - size < LARGEST_BATCH_SIZE) {
                Report report = waiting.remove();
                size -= report.size();
                taken.add(report);
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
