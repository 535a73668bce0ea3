package io.pgflow.testkit;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Where the engine passes before it looks for something to do. While it is closed, the engine waits here, and nothing happens that the
 * test does not do itself.
 */
final class Turnstile {

    private static final String ASK = "upkeep_due";

    /** What it calls there. */
    private static final List<String> LOOKS = List.of(
            "claim_tasks",
            ASK,
            "fire_timers",
            "fire_deadlines",
            "expire_workers",
            "due_schedules",
            "advance_schedules");

    /** How the threads are named on which the engine looks for something to do: what a test calls itself does not wait here. */
    private static final String THREADS = "pgflow-";

    /** Whoever is sent away has heard by then that it is to end, and does not complain; nothing but a line in the log depends on it. */
    private static final Duration ENDING = Duration.ofMillis(50);

    private boolean open;
    private boolean torn;
    private int inside;
    private long asks;

    /** Whether a call of this thread has to pass here. */
    static boolean concerns(String sql) {
        return Thread.currentThread().getName().startsWith(THREADS)
                && LOOKS.stream().anyMatch(sql::contains);
    }

    /** Throws when the engine is to end, or, with the thread still interrupted, when somebody wants this thread to end. */
    synchronized void enter(String sql) throws SQLException {
        try {
            while (!open && !torn) {
                wait();
            }
            if (!open && !sql.contains(ASK)) {
                TimeUnit.NANOSECONDS.timedWait(this, ENDING.toNanos());
                throw new SQLException("the test lets nothing more be done by this engine", "57P01");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted while the test let nothing be done", e);
        }
        inside++;
    }

    synchronized void leave(String sql) {
        inside--;
        if (sql.contains(ASK)) {
            asks++;
        }
        notifyAll();
    }

    synchronized boolean isOpen() {
        return open;
    }

    synchronized void open() {
        open = true;
        notifyAll();
    }

    /** Lets nobody in any more; returns when nobody is inside, or false when the time is over. */
    synchronized boolean close(long deadline) throws InterruptedException {
        open = false;
        long left;
        while (inside > 0 && (left = deadline - System.nanoTime()) > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return inside == 0;
    }

    /** Sends everybody away who waits, so that the engine can end; questions may pass. False builds it up again for the next engine. */
    synchronized void tear(boolean down) {
        torn = down;
        notifyAll();
    }

    /** How often the engine has asked what is due. */
    synchronized long asks() {
        return asks;
    }

    /** Returns when it has asked more often than that, or false when the time is over. */
    synchronized boolean awaitAsk(long than, long deadline) throws InterruptedException {
        long left;
        while (asks <= than && (left = deadline - System.nanoTime()) > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return asks > than;
    }
}
