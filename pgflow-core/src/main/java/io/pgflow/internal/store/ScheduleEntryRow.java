package io.pgflow.internal.store;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/** An entry of the history of a schedule; {@code detail} is JSON. */
public record ScheduleEntryRow(
        long entry,
        Instant at,
        String event,
        Optional<Instant> tick,
        Optional<UUID> runId,
        Optional<String> actor,
        Optional<String> reason,
        Optional<String> detail) {}
