package io.pgflow.notify;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Lets every subscription look for itself from time to time, in every mode: the reason why a lost notification costs time and nothing
 * else. Each pause is drawn from the last quarter of its setting, so that many processes do not poll in step.
 */
final class PollFloor implements Runnable, AutoCloseable {
    private final NotificationSettings settings;
    private final Modes modes;
    private final Subscriptions subscriptions;
    private final CountDownLatch closed = new CountDownLatch(1);

    PollFloor(NotificationSettings settings, Modes modes, Subscriptions subscriptions) {
        this.settings = settings;
        this.modes = modes;
        this.subscriptions = subscriptions;
    }

    @Override
    public void run() {
        try {
            while (pause()) {
                subscriptions.poll();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }

    /** Waits in steps of the short interval, because the mode may fall back to it meanwhile; false when closed. */
    private boolean pause() throws InterruptedException {
        long start = System.nanoTime();
        long interval = draw(settings.pollInterval());
        long floor = draw(settings.pollFloor());
        while (true) {
            long due = modes.mode() == Mode.NOTIFY ? floor : interval;
            long left = start + due - System.nanoTime();
            if (left <= 0) {
                return true;
            }
            if (closed.await(Math.min(left, interval), TimeUnit.NANOSECONDS)) {
                return false;
            }
        }
    }

    private static long draw(Duration longest) {
        long nanos = longest.toNanos();
        return ThreadLocalRandom.current().nextLong(nanos / 4 * 3, nanos + 1);
    }
}
