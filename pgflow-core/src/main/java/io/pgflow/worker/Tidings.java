package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.ProgressStore;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.ToldProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what handlers tell and stores it, soon and together: of the reports of a task only the newest, of parts of outputs all, in
 * their order. A handler never waits for it. Before a completion is reported, what its handler told is stored ({@link #flush}).
 *
 * <p>Its thread begins with the first thing that is told: most processes never have it.
 */
final class Tidings {

    /** What is told within this time travels together. */
    private static final Duration GATHERS = Duration.ofMillis(50);

    private static final int LARGEST_BATCH = 1000;
    private static final Logger log = LoggerFactory.getLogger(Tidings.class);

    private final ProgressStore store;
    private final Signals signals;
    private final Bell bell = new Bell();
    /** Held by whoever stores: what was told first is stored first. */
    private final ReentrantLock storing = new ReentrantLock();

    private final Map<TaskId, ToldProgress> reports = new LinkedHashMap<>();
    private List<ToldProgress> chunks = new ArrayList<>();
    private volatile @Nullable Loop loop;
    private boolean closed;

    Tidings(ProgressStore store, Signals signals) {
        this.store = store;
        this.signals = signals;
    }

    synchronized void tell(ToldProgress told) {
        if (closed) {
            return;
        }
        if (told.chunk() == null) {
            reports.put(told.task(), told);
        } else {
            chunks.add(told);
        }
        if (loop == null) {
            loop = Loop.start("pgflow-progress", signals, this::round);
        }
        bell.ring();
    }

    /**
     * Stores all that was told before, and nothing that is told meanwhile: a handler that never stops telling must not keep whoever waits for
     * this. Throws {@link DatabaseException} when it cannot, and has it still.
     */
    void flush() {
        if (loop == null) {
            return; // nothing was ever told
        }
        storing.lock();
        try {
            storeInParts(taken());
        } finally {
            storing.unlock();
        }
    }

    /** What is told from now on is dropped. */
    void close() {
        Loop ending;
        synchronized (this) {
            closed = true;
            ending = loop;
        }
        if (ending != null) {
            ending.stop();
            bell.ring();
        }
    }

    private void round() throws InterruptedException {
        bell.await(Duration.ofHours(1));
        flush();
        TimeUnit.NANOSECONDS.sleep(GATHERS.toNanos());
    }

    private void storeInParts(List<ToldProgress> told) {
        int stored = 0;
        try {
            while (stored < told.size()) {
                List<ToldProgress> part = told.subList(stored, Math.min(told.size(), stored + LARGEST_BATCH));
                store(part);
                stored += part.size();
            }
        } catch (RuntimeException e) {
            putBack(told.subList(stored, told.size()));
            bell.ring();
            throw e;
        }
    }

    private void store(List<ToldProgress> told) {
        try {
            Set<Integer> dropped = store.report(told);
            if (!dropped.isEmpty()) {
                log.debug("{} of {} were told too late, and are dropped", dropped.size(), told.size());
            }
        } catch (DatabaseException e) {
            if (e.isTransient()) {
                throw e;
            }
            log.warn("{} things that handlers told are refused, and dropped", told.size(), e);
            return;
        }
        Set<UUID> runs = told.stream().map(one -> one.task().runId()).collect(Collectors.toSet());
        signals.progressed(runs);
    }

    private synchronized List<ToldProgress> taken() {
        var taken = new ArrayList<ToldProgress>(reports.values());
        taken.addAll(chunks);
        reports.clear();
        chunks = new ArrayList<>();
        return taken;
    }

    /** A newer report has taken the place of an older one meanwhile. */
    private synchronized void putBack(List<ToldProgress> told) {
        var again = new ArrayList<ToldProgress>();
        for (ToldProgress one : told) {
            if (one.chunk() == null) {
                reports.putIfAbsent(one.task(), one);
            } else {
                again.add(one);
            }
        }
        again.addAll(chunks);
        chunks = again;
    }
}
