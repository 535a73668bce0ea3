package io.pgflow.internal.store;

import java.time.Duration;
import java.util.Map;

/** Where old runs are removed. Each method throws {@link io.pgflow.DatabaseException}. */
public interface RetentionStore {

    /**
     * prune_due: a batch of at most {@code limit} runs, if it is time for one; {@code pause} is how long a walk
     * pauses at its end; {@code ages} are by state.
     */
    Pruned pruneDue(Map<String, Duration> ages, int limit, Duration pause);
}
