package io.pgflow.internal.store;

import java.util.List;

/**
 * Events of one snapshot of the database, in order of id; the events of an entry of the audit are all in it.
 *
 * @param oldestRunning transactions below this number have ended in the snapshot
 * @param nextTransaction no transaction of this number or above was begun in the snapshot
 */
public record EventPage(List<EventRow> events, long oldestRunning, long nextTransaction) {

    public EventPage {
        events = List.copyOf(events);
    }
}
