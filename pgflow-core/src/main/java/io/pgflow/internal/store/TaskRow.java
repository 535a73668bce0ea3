package io.pgflow.internal.store;

import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A task as run_tasks shows it; output, error and progress are JSON text. */
public record TaskRow(
        int stepNumber,
        String step,
        String kind,
        @Nullable String handler,
        boolean isMap,
        int item,
        String state,
        int attempts,
        int losses,
        int remaining,
        @Nullable String deferred,
        boolean unserved,
        @Nullable Long workerId,
        @Nullable OffsetDateTime dueAt,
        @Nullable OffsetDateTime startedAt,
        @Nullable OffsetDateTime endedAt,
        @Nullable String output,
        @Nullable String error,
        @Nullable String progress,
        @Nullable UUID childRunId) {}
