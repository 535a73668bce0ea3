package io.pgflow.internal.store;

import java.util.List;
import java.util.Optional;

/** The outputs that are kept to be used again. Each method throws {@link io.pgflow.DatabaseException}. */
public interface CacheStore {

    /** reuse_outputs: completes those of the tasks whose output is known. */
    Reused reuse(long workerId, List<CachedTask> tasks);

    /** cache_outputs: keeps the outputs of tasks that succeeded. */
    void keep(List<CachedTask> tasks);

    /** invalidate_outputs: what a cache has under a key, or all of it. */
    int invalidate(String cache, Optional<String> key);

    /** prune_cached_outputs; returns whether more is left. */
    boolean prune();
}
