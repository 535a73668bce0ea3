package io.pgflow.internal.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of a schedule.
 *
 * @param expected up to when its ticks were decided when this was computed
 * @param decidedUntil up to when they are decided by this
 * @param nextAt its next tick, if one comes
 * @param missedSince the first of the ticks that start no run, since nobody was there; empty when there are none
 * @param ticks those that start a run, oldest first
 */
public record ScheduleTurn(
        long scheduleId,
        Instant expected,
        Instant decidedUntil,
        Optional<Instant> nextAt,
        Optional<Instant> missedSince,
        List<Instant> ticks) {

    public ScheduleTurn {
        ticks = List.copyOf(ticks);
    }
}
