package io.pgflow.faults;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Where all pieces of all connections pass: it holds them, or lets them go, as the mode of the moment says. */
final class Gate {

    private static final Duration UNTIL_CHANGED = Duration.ofDays(365);

    private final Random random;
    private LinkMode mode = new LinkMode.Pass();

    Gate(long seed) {
        random = new Random(seed);
    }

    synchronized LinkMode change(LinkMode next) {
        LinkMode before = mode;
        mode = next;
        notifyAll();
        return before;
    }

    /** A size for the next piece, so that no receiver can rely on whole messages. */
    synchronized int pieceSize() {
        return 1 + random.nextInt(4096);
    }

    /** Waits as long as the piece has to, asking again when the mode changes; returns whether the piece goes on. */
    synchronized boolean admit(boolean isReply, int bytes) throws InterruptedException {
        LinkMode asked;
        do {
            asked = mode;
            hold(asked, pause(asked, bytes));
        } while (mode != asked);
        return !(isReply && asked.losesBytes());
    }

    synchronized boolean losesBytes() {
        return mode.losesBytes();
    }

    private void hold(LinkMode asked, Duration pause) throws InterruptedException {
        long until = System.nanoTime() + pause.toNanos();
        for (long left = pause.toNanos(); mode == asked && left > 0; left = until - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private Duration pause(LinkMode mode, int bytes) {
        if (mode instanceof LinkMode.Delay delay) {
            return delay.least().plusNanos((long) (delay.spread().toNanos() * random.nextDouble()));
        } else if (mode instanceof LinkMode.Stall) {
            return UNTIL_CHANGED;
        }
        return mode instanceof LinkMode.Slow slow
                ? Duration.ofNanos(1_000_000_000L * bytes / slow.bytesPerSecond())
                : Duration.ZERO;
    }
}
