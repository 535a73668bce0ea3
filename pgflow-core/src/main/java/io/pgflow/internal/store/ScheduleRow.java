package io.pgflow.internal.store;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A schedule as it stands.
 *
 * @param due what is to be known to compute its ticks
 * @param input JSON; null when a run's input is its tick
 * @param labels JSON
 */
public record ScheduleRow(
        DueSchedule due,
        String workflow,
        @Nullable String input,
        String overlap,
        int priority,
        Optional<Long> deadlineMillis,
        @Nullable String labels,
        boolean paused,
        Optional<Instant> nextAt,
        Optional<Instant> lastAt,
        Optional<UUID> lastRunId) {}
