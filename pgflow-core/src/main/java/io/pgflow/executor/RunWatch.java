package io.pgflow.executor;

import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.RunResult;
import io.pgflow.internal.store.RunStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Waits for runs to end, for everybody in this process with one question: which of these have ended?
 *
 * <p>It asks when a hint comes and at each poll interval. With so many runs that one question does not do, it does not ask
 * again sooner than twice the time that the last answers took, so that waiting for many runs of a busy database stays cheap.
 */
final class RunWatch implements AutoCloseable {

    private static final int LARGEST_QUESTION = 500;

    private final RunStore store;
    private final Duration pollInterval;
    private final Map<UUID, CompletableFuture<RunResult>> waiting = new ConcurrentHashMap<>();
    private final Bell bell = new Bell();
    private final List<AutoCloseable> listeners;
    private final Loop loop;
    private volatile boolean closed;

    RunWatch(RunStore store, Signals signals, Duration pollInterval) {
        this.store = store;
        this.pollInterval = pollInterval;
        listeners = List.of(signals.onEvents(this::hint), signals.onEnded(ended -> hint()));
        loop = Loop.start("pgflow-run-watch", this::round);
    }

    /** Completes with the run's result when it has ended; the same future for everybody who asks. */
    CompletableFuture<RunResult> result(UUID runId) {
        if (closed) {
            throw new IllegalStateException("this executor is closed");
        }
        var added = new CompletableFuture<RunResult>();
        var known = waiting.putIfAbsent(runId, added);
        if (known != null) {
            return known;
        }
        bell.ring();
        return added;
    }

    @Override
    public void close() {
        closed = true;
        listeners.forEach(RunWatch::close);
        loop.stop();
        bell.ring();
        loop.stopAndJoin(Duration.ofSeconds(2));
        waiting.values().forEach(future -> future.cancel(false));
    }

    private void hint() {
        if (!waiting.isEmpty()) {
            bell.ring();
        }
    }

    private void round() throws InterruptedException {
        if (waiting.isEmpty()) {
            bell.await(Duration.ofHours(1));
        } else {
            bell.awaitAround(pollInterval);
        }
        long begun = System.nanoTime();
        List<UUID> ids = new ArrayList<>(waiting.keySet());
        for (int from = 0; from < ids.size(); from += LARGEST_QUESTION) {
            for (RunResult result : store.results(ids.subList(from, Math.min(ids.size(), from + LARGEST_QUESTION)))) {
                var future = waiting.remove(result.runId());
                if (future != null) {
                    future.complete(result);
                }
            }
        }
        if (ids.size() > LARGEST_QUESTION) {
            Thread.sleep(Duration.ofNanos(2 * (System.nanoTime() - begun)).toMillis());
        }
    }

    private static void close(AutoCloseable listener) {
        try {
            listener.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
