package io.pgflow.faults;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A call that is to be held before it reaches the database, until the test lets it go on. The first that comes is the one. */
public final class Parked implements AutoCloseable {

    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    Parked() {}

    /** Returns when a call is held here; false when none came within the time. */
    public boolean awaitReached(Duration patience) throws InterruptedException {
        return reached.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Lets it go on. */
    @Override
    public void close() {
        released.countDown();
    }

    void hold() throws InterruptedException {
        reached.countDown();
        released.await();
    }
}
