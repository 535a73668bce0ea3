package io.pgflow.worker;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How many handlers ended lately, and so how many tasks are likely to begin soon. Ends count, not begins: a hundred handlers
 * that began at once say nothing about when the next one may.
 *
 * <p>It counts in spans of time and goes by the one that has passed and the one of now. Times are those of {@link
 * System#nanoTime}; whoever calls holds a lock.
 */
final class Pace {

    private static final long SPAN = TimeUnit.MILLISECONDS.toNanos(50);

    private long began;
    private int before;
    private int now;

    Pace(long time) {
        began = time;
    }

    void ended(long time) {
        turn(time);
        now++;
    }

    /** How many would end within {@code span}, if it went on as it did. */
    int within(Duration span, long time) {
        turn(time);
        return (int) ((before + now) * span.toNanos() / (SPAN + time - began));
    }

    private void turn(long time) {
        long passed = time - began;
        if (passed >= 2 * SPAN) {
            began = time;
            before = 0;
            now = 0;
        } else if (passed >= SPAN) {
            began += SPAN;
            before = now;
            now = 0;
        }
    }
}
