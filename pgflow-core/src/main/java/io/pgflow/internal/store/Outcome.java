package io.pgflow.internal.store;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What followed from a call that changed states.
 *
 * @param stale positions in the call's list, from 0, of reports that came too late and changed nothing
 * @param endedRuns runs that ended by it
 * @param wokenQueues queues that have new work
 * @param toSettle whether {@link TaskStore#settleSteps} has something to do
 * @param nextDueIn how long until the first timer that this call set, or knows of, is due
 */
public record Outcome(
        Set<Integer> stale,
        List<UUID> endedRuns,
        Set<String> wokenQueues,
        boolean toSettle,
        Optional<Duration> nextDueIn) {

    /** Nothing followed. */
    public static final Outcome NOTHING = new Outcome(Set.of(), List.of(), Set.of(), false, Optional.empty());

    /** The same, but for the timer. */
    public Outcome withoutTimer() {
        return new Outcome(stale, endedRuns, wokenQueues, toSettle, Optional.empty());
    }

    public Outcome {
        stale = Set.copyOf(stale);
        endedRuns = List.copyOf(endedRuns);
        wokenQueues = Set.copyOf(wokenQueues);
    }
}
