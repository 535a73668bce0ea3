package io.pgflow.operation;

import io.pgflow.internal.store.RunChoice;
import io.pgflow.internal.store.SurveyStore;
import io.pgflow.state.RunState;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * Runs that match a selection, for operations on all of them; got from {@link Operations#matching}.
 *
 * <p>Ask {@link #count} first: that is the dry run. The operations go through the runs in batches of 500, each a transaction of its
 * own, so one that is interrupted has done a part, and can be asked again. Each run is looked at again under its lock. Runs that are created
 * after the operation began are left out.
 */
public final class MatchingRuns {

    private static final int BATCH = 500;

    private final SurveyStore store;
    private final RunSelection selection;
    private final Operations operations;

    MatchingRuns(SurveyStore store, RunSelection selection, Operations operations) {
        this.store = store;
        this.selection = selection;
        this.operations = operations;
    }

    /** How many runs match, by state. Changes nothing; reads the table of runs. */
    public Map<RunState, Long> count() {
        var counts = new EnumMap<RunState, Long>(RunState.class);
        store.count(selection.choice()).forEach((state, runs) -> counts.put(RunState.valueOf(state), runs));
        return counts;
    }

    /** Cancels those that have not ended. */
    public BulkOutcome cancel(Decision decision) {
        return each(runs -> operations.cancelled(runs, decision));
    }

    /** Retries those that failed or were cancelled; see {@link Operations#retry(UUID, Decision)}. */
    public BulkOutcome retry(Decision decision) {
        return each(runs -> operations.retry(runs, decision).stream()
                .filter(OperationOutcome::isDone)
                .count());
    }

    private BulkOutcome each(Function<List<UUID>, Long> operation) {
        RunSelection bounded = selection.createdUntil().isPresent() ? selection : selection.createdUntil(store.clock());
        RunChoice choice = bounded.choice();
        long matched = 0;
        long done = 0;
        Optional<UUID> after = Optional.empty();
        List<UUID> batch;
        do {
            batch = store.matching(choice, after, BATCH);
            if (!batch.isEmpty()) {
                done += operation.apply(batch);
                matched += batch.size();
                after = Optional.of(batch.get(batch.size() - 1));
            }
        } while (batch.size() == BATCH);
        return new BulkOutcome(matched, done);
    }
}
