package io.pgflow.internal.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Where schedules are kept and advanced. Each method throws {@link io.pgflow.DatabaseException}. */
public interface ScheduleStore {

    /** How many {@link #due} gives at most. */
    int MOST_DUE = 100;

    /** define_schedule: whether it is new or was changed. */
    boolean define(String name, String definitionJson, @Nullable String actor, @Nullable String reason);

    /** due_schedules. */
    List<DueSchedule> due();

    /** advance_schedules. */
    Advanced advance(List<ScheduleTurn> turns);

    /** refuse_schedule: whether this call paused it. */
    boolean refuse(long scheduleId, Instant expected, String problem);

    /** pause_schedule: what came of it, in words. */
    String pause(String name, @Nullable String actor, @Nullable String reason);

    /** resume_schedule: what came of it, in words. */
    String resume(String name, @Nullable String actor, @Nullable String reason);

    /** delete_schedule: what came of it, in words. */
    String delete(String name, @Nullable String actor, @Nullable String reason);

    /** trigger_schedule; empty when there is no such schedule. */
    Optional<Started> trigger(String name, UUID runId, @Nullable String actor, @Nullable String reason);

    /** backfill_schedule; empty when there is no such schedule. */
    Optional<Started> backfill(String name, List<Instant> ticks, @Nullable String actor, @Nullable String reason);

    /** list_schedules: all, or the one of that name. */
    List<ScheduleRow> list(Optional<String> name);

    /** schedule_entries: newest first, before an entry. */
    List<ScheduleEntryRow> entries(String name, Optional<Long> before, int limit);
}
