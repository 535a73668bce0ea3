package io.pgflow.cache;

import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.CacheStore;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How do I get rid of outputs that are cached? Got from {@code Executor.outputCache()}.
 *
 * <p>A cache is the name that was given with {@code Caching.in(..)}, else {@code <workflow>.<step>}. A task that is being completed at this moment
 * may put its output there right after. Every method throws {@link io.pgflow.DatabaseException}.
 */
public final class OutputCache {

    private final CacheStore store;
    private final int maxPayloadBytes;

    /** For {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public OutputCache(CacheStore store, int maxPayloadBytes) {
        this.store = store;
        this.maxPayloadBytes = maxPayloadBytes;
    }

    /** Forgets everything that a cache has; returns how many outputs that were. */
    public int invalidate(String cache) {
        return store.invalidate(cache, Optional.empty());
    }

    /**
     * Forgets what a cache has under a key; returns whether there was something.
     *
     * @param key the list of the values that {@code Caching.of(..)} named, or what the step's {@code cacheKey} makes
     * @throws io.pgflow.InvalidPayloadException when the key cannot be written as JSON, or is larger than the setting {@code maxPayloadBytes}
     */
    public boolean invalidate(String cache, @Nullable Object key) {
        String place = "the key of a cached output";
        String json = Json.write(key, Object.class, place);
        Json.check(json, place, maxPayloadBytes);
        return store.invalidate(cache, Optional.of(json)) > 0;
    }
}
