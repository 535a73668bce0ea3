package io.pgflow.notify;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Pauses that double up to a cap; each is drawn from its upper half, so that many processes do not come back in step. */
final class Backoff {
    private static final long FIRST_MILLIS = 100;

    private final long capMillis;
    private long nextMillis;

    Backoff(Duration cap) {
        this.capMillis = cap.toMillis();
        reset();
    }

    void reset() {
        nextMillis = Math.min(FIRST_MILLIS, capMillis);
    }

    Duration next() {
        long longest = nextMillis;
        nextMillis = Math.min(2 * nextMillis, capMillis);
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
    }
}
