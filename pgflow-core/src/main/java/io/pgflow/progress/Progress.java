package io.pgflow.progress;

import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.ProgressRow;
import io.pgflow.internal.store.ProgressStore;
import io.pgflow.internal.store.RunStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * How far is a run, and what has it given so far? Reads what handlers tell ({@code in.task().report(..)} and {@code emit(..)}), in any
 * process. Got from {@code Executor.progress()}.
 *
 * <p>What was told is kept for an hour. A position is a place in the stream of one run: what comes after it was told later, or is the
 * newest report of a task. 0 is the beginning.
 */
public final class Progress implements AutoCloseable {

    private final ProgressStore store;
    private final RunStore runs;
    private final Signals signals;
    private final Duration pollInterval;
    private final List<ProgressSubscription> subscriptions = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    /** For {@code Executor}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public Progress(ProgressStore store, RunStore runs, Signals signals, Duration pollInterval) {
        this.store = store;
        this.runs = runs;
        this.signals = signals;
        this.pollInterval = pollInterval;
    }

    /**
     * A page of what was told of a run, in the order in which it was told; empty when there is nothing more, or no such run.
     *
     * @param after the position of the last one that is known; 0 for none
     * @param limit at most so many, 1 to 10,000
     * @throws io.pgflow.DatabaseException when the database cannot be asked
     */
    public List<Told> read(UUID runId, long after, int limit) {
        if (limit < 1 || limit > 10_000) {
            throw new IllegalArgumentException("the limit is " + limit + "; use 1 to 10,000");
        }
        return store.page(runId, after, limit).stream().map(Progress::told).toList();
    }

    /**
     * Calls the subscriber with everything that is and will be told of a run after a position, one at a time, until all of it was told and
     * the run has ended, or until the subscription or the executor is closed. What the subscriber throws is logged.
     *
     * @param after the position of the last one that is known; 0 for none
     * @throws IllegalStateException when the executor is closed
     */
    public ProgressSubscription subscribe(UUID runId, long after, Consumer<Told> subscriber) {
        if (after < 0) {
            throw new IllegalArgumentException("the position is " + after + "; use 0 or one that was told");
        }
        var subscription =
                new ProgressSubscription(this, signals, pollInterval, runId, after, subscriber, subscriptions::remove);
        subscriptions.add(subscription);
        if (subscription.isClosed()) { // by its subscriber, before it stood in the list
            subscriptions.remove(subscription);
        }
        if (closed) {
            subscription.close();
            throw new IllegalStateException("this executor is closed");
        }
        return subscription;
    }

    /** Whether nothing more will be told of the run, but by an operation that lets it begin anew. */
    boolean hasEnded(UUID runId) {
        return !runs.results(List.of(runId)).isEmpty();
    }

    /** Ends all subscriptions. */
    @Override
    public void close() {
        closed = true;
        List.copyOf(subscriptions).forEach(ProgressSubscription::close);
    }

    private static Told told(ProgressRow row) {
        var by = new Told.Teller(
                row.position(),
                row.at(),
                row.step(),
                row.item() > 0 ? OptionalInt.of(row.item() - 1) : OptionalInt.empty(),
                row.attempt(),
                row.fence(),
                row.replaced());
        return row.chunk() == null
                ? new Told.Report(by, row.fraction(), row.message(), Optional.ofNullable(row.detail()))
                : new Told.Chunk(by, row.chunk());
    }
}
