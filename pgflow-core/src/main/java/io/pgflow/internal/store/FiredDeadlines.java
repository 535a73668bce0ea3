package io.pgflow.internal.store;

import java.util.List;
import java.util.UUID;

/**
 * What came of deadlines that passed.
 *
 * @param interruptedRuns runs of which handlers may be at work for nothing
 * @param leftOver whether more may be due
 */
public record FiredDeadlines(Outcome outcome, List<UUID> interruptedRuns, boolean leftOver) {

    public FiredDeadlines {
        interruptedRuns = List.copyOf(interruptedRuns);
    }
}
