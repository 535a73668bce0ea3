package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.harness.Span;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The same thing, done by several threads at once. */
final class Parallel {

    private Parallel() {}

    /** From the first to the last. */
    static <T> Span run(int threads, Callable<T> work) throws InterruptedException, ExecutionException {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            long began = System.nanoTime();
            for (Future<T> part : pool.invokeAll(Collections.nCopies(threads, work))) {
                part.get();
            }
            return new Span(began, System.nanoTime());
        } finally {
            pool.shutdown();
        }
    }
}
