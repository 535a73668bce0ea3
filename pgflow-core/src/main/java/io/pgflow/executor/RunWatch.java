package io.pgflow.executor;

import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.signal.Listening;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.RunResult;
import io.pgflow.internal.store.RunStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

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
    private final Map<UUID, Set<CompletableFuture<RunResult>>> waiting = new ConcurrentHashMap<>();
    private final Bell bell = new Bell();
    private final List<Listening> listeners;
    private final Loop loop;

    /** Reused, because the JVM's own choice on a machine of two cores is a new thread for each result. Unbounded: they may block. */
    private final ExecutorService resultListeners = Executors.newCachedThreadPool(work -> {
        var thread = new Thread(work, "pgflow-result-listener");
        thread.setDaemon(true);
        return thread;
    });

    private volatile boolean closed;

    RunWatch(RunStore store, Signals signals, Duration pollInterval) {
        this.store = store;
        this.pollInterval = pollInterval;
        listeners = List.of(signals.onEventsElsewhere(this::hint), signals.onEnded(this::hint));
        loop = Loop.start("pgflow-run-watch", signals, this::round);
    }

    /**
     * Completes with the run's result when it has ended. To be cancelled by whoever does not want it any more: the database is
     * asked for as long as anybody waits.
     */
    CompletableFuture<RunResult> result(UUID runId) {
        var wanted = new CompletableFuture<RunResult>();
        waiting.compute(runId, (id, others) -> with(others, wanted));
        var unused = wanted.whenComplete(
                (result, error) -> waiting.computeIfPresent(runId, (id, others) -> without(others, wanted)));
        if (closed) {
            wanted.cancel(false);
            throw new IllegalStateException("this executor is closed");
        }
        bell.ring();
        return wanted;
    }

    /** What listens to a result runs here, not on the thread that asks. */
    ExecutorService listeners() {
        return resultListeners;
    }

    /** How many runs it asks for. */
    int size() {
        return waiting.size();
    }

    @Override
    public void close() {
        closed = true;
        listeners.forEach(Listening::close);
        loop.stop();
        bell.ring();
        loop.stopAndJoin(Duration.ofSeconds(2));
        waiting.values().forEach(wanted -> wanted.forEach(future -> future.cancel(false)));
        resultListeners.shutdown();
    }

    private void hint() {
        if (!waiting.isEmpty()) {
            bell.ring();
        }
    }

    /** What this process did to other runs is no reason to ask. */
    private void hint(List<UUID> ended) {
        if (ended.stream().anyMatch(waiting::containsKey)) {
            bell.ring();
        }
    }

    private void round() throws InterruptedException {
        if (waiting.isEmpty()) {
            bell.await(Duration.ofHours(1));
        } else {
            bell.awaitAround(pollInterval);
        }
        try {
            ask();
        } catch (RuntimeException e) {
            bell.ring(); // the hint is used up, and what it told is not known yet
            throw e;
        }
    }

    private void ask() throws InterruptedException {
        long begun = System.nanoTime();
        List<UUID> ids = new ArrayList<>(waiting.keySet());
        for (int from = 0; from < ids.size(); from += LARGEST_QUESTION) {
            for (RunResult result : store.results(ids.subList(from, Math.min(ids.size(), from + LARGEST_QUESTION)))) {
                waiting.getOrDefault(result.runId(), Set.of()).forEach(future -> future.complete(result));
            }
        }
        if (ids.size() > LARGEST_QUESTION) {
            Thread.sleep(Duration.ofNanos(2 * (System.nanoTime() - begun)).toMillis());
        }
    }

    private static <T> Set<T> with(@Nullable Set<T> others, T one) {
        var all = new HashSet<T>();
        if (others != null) {
            all.addAll(others);
        }
        all.add(one);
        return Set.copyOf(all);
    }

    private static <T> @Nullable Set<T> without(Set<T> all, T one) {
        var others = new HashSet<>(all);
        others.remove(one);
        return others.isEmpty() ? null : Set.copyOf(others);
    }
}
