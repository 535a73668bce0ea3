package io.pgflow.schedule;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * What happened to a schedule, besides ticks that started a run: those are found by the labels of their runs.
 *
 * @param position later entries have a higher one
 * @param tick the tick that started no run; of {@code MISSED} the first one
 * @param run the run that was started
 * @param actor who asked; empty when nobody did
 * @param detailJson the definition, the problem, or what was filled in
 */
public record ScheduleEntry(
        long position,
        Instant at,
        What what,
        Optional<Instant> tick,
        Optional<UUID> run,
        Optional<String> actor,
        Optional<String> reason,
        Optional<String> detailJson) {

    /** What it was. */
    public enum What {
        DEFINED,
        CHANGED,
        PAUSED,
        RESUMED,
        TRIGGERED,
        BACKFILLED,
        DELETED,
        /** A tick started no run, since the one before had not ended. */
        SKIPPED,
        /** Ticks from this one on started no run, since nobody was there. */
        MISSED,
        /** The run of a tick could not be started; or, without a tick, the schedule cannot be computed and is paused. */
        REFUSED
    }
}
