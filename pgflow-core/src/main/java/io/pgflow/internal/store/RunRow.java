package io.pgflow.internal.store;

import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A run as get_run and list_runs show it; labels, input, output and error are JSON text. */
public record RunRow(
        UUID runId,
        String workflow,
        int version,
        String state,
        int priority,
        @Nullable String labels,
        String input,
        @Nullable String output,
        @Nullable String error,
        OffsetDateTime createdAt,
        @Nullable OffsetDateTime startedAt,
        @Nullable OffsetDateTime endedAt,
        @Nullable UUID parentRunId,
        @Nullable String parentStep,
        @Nullable Integer parentItem) {}
