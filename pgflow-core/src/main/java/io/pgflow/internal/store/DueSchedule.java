package io.pgflow.internal.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A schedule that is to be looked at, and what is to be known to compute its ticks.
 *
 * @param cron with {@code zone}; else {@code everySeconds} and {@code firstAt} say when it ticks
 * @param catchUp skip, once or all, which is {@code catchUpLimit}
 * @param decidedUntil the ticks up to then are decided
 * @param askedAt when that was read, by the database's clock
 */
public record DueSchedule(
        long scheduleId,
        String name,
        @Nullable String cron,
        String zone,
        long everySeconds,
        Instant firstAt,
        String catchUp,
        int catchUpLimit,
        Instant decidedUntil,
        Instant askedAt) {}
