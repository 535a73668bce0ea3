package io.pgflow.internal.store;

import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An event as event_page and run_events show it; detail is JSON text; step is null for the run itself. */
public record EventRow(
        long eventId,
        String event,
        UUID runId,
        String workflow,
        int version,
        @Nullable String step,
        int item,
        int seq,
        int generation,
        int attempt,
        int fence,
        @Nullable String fromState,
        String toState,
        OffsetDateTime at,
        @Nullable Long workerId,
        @Nullable String actor,
        @Nullable String detail) {

    private static final int IDS_OF_AN_ENTRY = 3;

    /** The entry of the audit that tells of it; two events may share one. The ids are made from it in R__80_events.sql. */
    public long entry() {
        return eventId / IDS_OF_AN_ENTRY;
    }
}
