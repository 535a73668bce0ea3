package io.pgflow.internal.store;

import java.util.List;

/** Where the stream of events stands: the last id that is visible, the ids below it that are not, and the next transaction's number. */
public record EventPosition(long lastEventId, List<IdRange> gaps, long nextTransaction) {

    public EventPosition {
        gaps = List.copyOf(gaps);
    }
}
