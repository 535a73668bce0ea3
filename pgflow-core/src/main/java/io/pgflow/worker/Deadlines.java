package io.pgflow.worker;

import io.pgflow.internal.signal.Bell;
import java.time.Duration;

/**
 * Ends attempts whose time is over.
 *
 * <p>One thread looks at all that run when the earliest deadline that it saw is reached, since nearly all attempts end long
 * before theirs: a timer for each would be set and taken back with each task.
 */
final class Deadlines {

    private static final Duration LONGEST_WAIT = Duration.ofHours(1);

    private final RunningTasks running;
    private final Bell bell = new Bell();
    /** When it looks next, on this JVM's clock for durations; while it looks, far away. */
    private volatile long nextLook = System.nanoTime();

    Deadlines(RunningTasks running) {
        this.running = running;
    }

    /** Sees to it that an attempt that has begun is looked at in time; it must be among the running ones already. */
    void watch(Attempt attempt) {
        if (attempt.left(nextLook) < 0) {
            bell.ring();
        }
    }

    /** Looks at once. */
    void soon() {
        bell.ring();
    }

    void round() throws InterruptedException {
        bell.await(Duration.ofNanos(Math.max(nextLook - System.nanoTime(), 0)));
        long now = System.nanoTime();
        long next = LONGEST_WAIT.toNanos();
        nextLook = now + next; // before it looks: whoever comes too late to be seen finds this, and rings
        for (Attempt attempt : running.list()) {
            long left = attempt.left(now);
            if (left <= 0) {
                attempt.timeOut();
            } else {
                next = Math.min(next, left);
            }
        }
        nextLook = now + next;
    }
}
