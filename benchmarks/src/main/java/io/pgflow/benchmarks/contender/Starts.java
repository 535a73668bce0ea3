package io.pgflow.benchmarks.contender;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** The fastest way to start many runs with a library that starts them one by one: several threads. */
final class Starts {

    private static final int THREADS = 8;

    private Starts() {}

    /** Returns when it has been called so often; throws what a call threw. */
    static void inParallel(int times, Callable<?> start) throws Exception {
        var left = new AtomicInteger(times);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> ends = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                ends.add(threads.submit(() -> {
                    while (left.getAndDecrement() > 0) {
                        start.call();
                    }
                    return null;
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
