package io.pgflow.operation;

import io.pgflow.audit.AuditNote;
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

    static final int BATCH = 500;

    private final SurveyStore store;
    private final RunSelection selection;
    private final Operations operations;
    private final int batch;

    MatchingRuns(SurveyStore store, RunSelection selection, Operations operations, int batch) {
        this.store = store;
        this.selection = selection;
        this.operations = operations;
        this.batch = batch;
    }

    /** How many runs match, by state. Changes nothing; reads the table of runs. */
    public Map<RunState, Long> count() {
        var counts = new EnumMap<RunState, Long>(RunState.class);
        store.count(selection.choice()).forEach((state, runs) -> counts.put(RunState.valueOf(state), runs));
        return counts;
    }

    /** Cancels those that have not ended. */
    public BulkOutcome cancel(AuditNote note) {
        return each(runs -> operations.cancelled(runs, note));
    }

    /** Retries those that failed or were cancelled; see {@link Operations#retry(UUID, AuditNote)}. */
    public BulkOutcome retry(AuditNote note) {
        return each(runs -> operations.retry(runs, note).stream()
                .filter(OperationOutcome::isDone)
                .count());
    }

    /** Pauses those that have not ended, each by itself; see {@link io.pgflow.flowcontrol.FlowControl#pause}. */
    public BulkOutcome pause(AuditNote note) {
        return each(runs -> operations.paused(runs, note));
    }

    /** Lets those go on that are paused, each by itself. */
    public BulkOutcome resume(AuditNote note) {
        return each(runs -> operations.resumed(runs, note));
    }

    private BulkOutcome each(Function<List<UUID>, Long> operation) {
        RunSelection bounded = selection.createdUntil().isPresent() ? selection : selection.createdUntil(store.clock());
        RunChoice choice = bounded.choice();
        long matched = 0;
        long done = 0;
        Optional<UUID> after = Optional.empty();
        List<UUID> found;
        do {
            found = store.matching(choice, after, batch);
            if (!found.isEmpty()) {
                done += operation.apply(found);
                matched += found.size();
                after = Optional.of(found.get(found.size() - 1));
            }
        } while (found.size() == batch);
        return new BulkOutcome(matched, done);
    }
}
