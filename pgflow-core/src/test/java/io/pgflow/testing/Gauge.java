package io.pgflow.testing;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many handlers are at work at once? Each stays inside until the test opens, so that a limit is shown from both sides however slow the
 * machine is: as many as it allows come in, and while other work goes on no more do.
 */
public final class Gauge {

    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final CountDownLatch open = new CountDownLatch(1);

    /** For a handler. */
    public void pass() throws InterruptedException {
        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
        try {
            open.await();
        } finally {
            inside.decrementAndGet();
        }
    }

    /** Waits until so many are inside. */
    public void awaitInside(int count) {
        await().atMost(PATIENCE).until(() -> inside.get() >= count);
    }

    /** Lets those go who are inside, and whoever comes. */
    public void open() {
        open.countDown();
    }

    /** The most that were inside at once so far. */
    public int most() {
        return most.get();
    }
}
