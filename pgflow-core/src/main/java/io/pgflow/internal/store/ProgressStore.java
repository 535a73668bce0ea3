package io.pgflow.internal.store;

import java.util.List;
import java.util.Set;
import java.util.UUID;

/** What handlers tell while they work. Each method throws {@link io.pgflow.DatabaseException}. */
public interface ProgressStore {

    /** report_progress: returns the positions, from 0, of entries that were dropped, since their task had been taken away. */
    Set<Integer> report(List<ToldProgress> told);

    /** progress_page: what was told of a run after a position. */
    List<ProgressRow> page(UUID runId, long after, int limit);

    /** prune_progress: forgets what is old; returns whether more of it is left. */
    boolean prune();
}
