package io.pgflow.internal.store;

import java.util.List;

/** Where the stream of events stands: the last entry of the audit that is visible, those below it that are not, and the next transaction's number. */
public record EventPosition(long lastEntry, List<IdRange> gaps, long nextTransaction) {

    public EventPosition {
        gaps = List.copyOf(gaps);
    }
}
