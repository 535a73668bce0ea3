package io.pgflow.notify;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads that handlers run on: made when needed, gone after 10 s without work, never more than there are busy subscriptions. */
final class HandlerThreads implements Executor, AutoCloseable {
    private static final long IDLE_SECONDS = 10;
    private static final long DRAIN_SECONDS = 1;

    private final AtomicInteger count = new AtomicInteger();
    private final ThreadPoolExecutor pool = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            work -> new HandlerThread(work, "pgflow-notify-handler-" + count.incrementAndGet()));

    /** Tells whether a caller is one of ours, which must not wait for its own end. */
    private static final class HandlerThread extends Thread {
        HandlerThread(Runnable work, String name) {
            super(work, name);
            setDaemon(true);
        }
    }

    @Override
    public void execute(Runnable work) {
        pool.execute(work);
    }

    /** Lets running handlers end for a second, then interrupts them. */
    @Override
    public void close() {
        pool.shutdown();
        if (Thread.currentThread() instanceof HandlerThread) {
            return;
        }
        try {
            if (!pool.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS)) {
                pool.shutdownNow();
            }
        } catch (InterruptedException e) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
