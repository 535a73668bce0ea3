package io.pgflow.internal.store;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Keeps what was read from the database and never changes there, as far as it was used lately. */
public final class Recent {

    private Recent() {}

    /** A map for many threads that forgets what was not used for longest when it holds more than {@code most} entries. */
    public static <K, V> Map<K, V> map(int most) {
        return Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > most;
            }
        });
    }
}
