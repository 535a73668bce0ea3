package io.pgflow.internal.store;

import io.pgflow.workflow.Limits;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what was read from the database and never changes there, as far as it was used lately. When there are too many entries,
 * or they weigh too much together, what was not used for longest is forgotten; but never the entry that came last. For many
 * threads.
 */
public final class Recent<K, V> {

    private static final int MOST_DEFINITIONS = 1000;
    private static final long MOST_CHARACTERS = 4L * Limits.MAX_DEFINITION_BYTES;

    private final int mostEntries;
    private final long mostWeight;
    private final Map<K, Kept<V>> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long weight;

    Recent(int mostEntries, long mostWeight) {
        this.mostEntries = mostEntries;
        this.mostWeight = mostWeight;
    }

    /** For what is known of definitions, each of which weighs as much as its text has characters. */
    public static <K, V> Recent<K, V> ofDefinitions() {
        return new Recent<>(MOST_DEFINITIONS, MOST_CHARACTERS);
    }

    /** What is kept under this key, which thereby was used now; null when there is nothing. */
    public synchronized @Nullable V get(K key) {
        @Nullable Kept<V> kept = entries.get(key);
        return kept == null ? null : kept.value();
    }

    public synchronized void put(K key, V value, long itsWeight) {
        @Nullable Kept<V> replaced = entries.put(key, new Kept<>(value, itsWeight));
        weight += itsWeight - (replaced == null ? 0 : replaced.weight());
        forget();
    }

    private void forget() {
        Iterator<Kept<V>> oldest = entries.values().iterator();
        while (entries.size() > mostEntries || (weight > mostWeight && entries.size() > 1)) {
            weight -= oldest.next().weight();
            oldest.remove();
        }
    }

    private record Kept<V>(V value, long weight) {}
}
