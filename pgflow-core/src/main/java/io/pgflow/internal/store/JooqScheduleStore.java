package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.duration;
import static io.pgflow.internal.store.Columns.isTrue;
import static io.pgflow.internal.store.Columns.set;
import static io.pgflow.internal.store.Columns.text;

import io.pgflow.internal.store.schema.routines.AdvanceSchedules;
import io.pgflow.internal.store.schema.routines.BackfillSchedule;
import io.pgflow.internal.store.schema.routines.DefineSchedule;
import io.pgflow.internal.store.schema.routines.DeleteSchedule;
import io.pgflow.internal.store.schema.routines.PauseSchedule;
import io.pgflow.internal.store.schema.routines.RefuseSchedule;
import io.pgflow.internal.store.schema.routines.ResumeSchedule;
import io.pgflow.internal.store.schema.routines.TriggerSchedule;
import io.pgflow.internal.store.schema.tables.DueSchedules;
import io.pgflow.internal.store.schema.tables.ListSchedules;
import io.pgflow.internal.store.schema.tables.ScheduleEntries;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jooq.JSONB;
import org.jooq.Record;
import org.jooq.Routine;
import org.jspecify.annotations.Nullable;

/**
 * The functions for schedules. What a person asks is sent again when its answer is lost; but for a deletion, of which a repetition finds
 * nothing. Whoever advances schedules asks again by himself.
 */
final class JooqScheduleStore implements ScheduleStore {

    private final Calls calls;

    JooqScheduleStore(Calls calls) {
        this.calls = calls;
    }

    @Override
    public boolean define(String name, String definitionJson, @Nullable String actor, @Nullable String reason) {
        DefineSchedule function = new DefineSchedule();
        function.setPName(name);
        function.setPDefinition(JSONB.valueOf(definitionJson));
        function.setPActor(actor);
        function.setPReason(reason);
        repeatable("define the schedule", function);
        return isTrue(function.getCreated()) || isTrue(function.getChanged());
    }

    @Override
    public List<DueSchedule> due() {
        DueSchedules t = DueSchedules.DUE_SCHEDULES.call(MOST_DUE);
        return calls.call(
                "read the schedules that are due",
                db -> db.select(t.fields())
                        .from(t)
                        .fetch(row -> new DueSchedule(
                                row.get(t.SCHEDULE_ID),
                                row.get(t.NAME),
                                row.get(t.CRON),
                                orElse(row.get(t.TIME_ZONE), ""),
                                orElse(row.get(t.EVERY_SECONDS), 0L),
                                instant(row.get(t.FIRST_AT)).orElse(Instant.EPOCH),
                                row.get(t.CATCH_UP),
                                row.get(t.CATCH_UP_LIMIT),
                                row.get(t.DECIDED_UNTIL).toInstant(),
                                row.get(t.ASKED_AT).toInstant())));
    }

    @Override
    public Advanced advance(List<ScheduleTurn> turns) {
        AdvanceSchedules function = new AdvanceSchedules();
        function.setPScheduleIds(Columns.of(turns, ScheduleTurn::scheduleId, Long[]::new));
        function.setPExpected(times(turns.stream().map(ScheduleTurn::expected).toList()));
        function.setPDecidedUntil(
                times(turns.stream().map(ScheduleTurn::decidedUntil).toList()));
        function.setPNextAts(Columns.of(turns, turn -> time(turn.nextAt()), OffsetDateTime[]::new));
        function.setPMissedSince(Columns.of(turns, turn -> time(turn.missedSince()), OffsetDateTime[]::new));
        function.setPTickSchedules(turns.stream()
                .flatMap(turn -> Collections.nCopies(turn.ticks().size(), turn.scheduleId()).stream())
                .toArray(Long[]::new));
        function.setPTicks(
                times(turns.stream().flatMap(turn -> turn.ticks().stream()).toList()));
        execute("advance schedules", function);
        return new Advanced(
                Columns.list(function.getAdvanced()).size(),
                new Outcome(
                        Set.of(),
                        List.of(),
                        set(function.getWokenQueues()),
                        isTrue(function.getToSettle()),
                        duration(function.getNextDueIn())));
    }

    @Override
    public boolean refuse(long scheduleId, Instant expected, String problem) {
        RefuseSchedule function = new RefuseSchedule();
        function.setPScheduleId(scheduleId);
        function.setPExpected(time(expected));
        function.setPProblem(problem);
        execute("refuse the schedule", function);
        return isTrue(function.getReturnValue());
    }

    @Override
    public String pause(String name, @Nullable String actor, @Nullable String reason) {
        PauseSchedule function = new PauseSchedule();
        function.setPName(name);
        function.setPActor(actor);
        function.setPReason(reason);
        return repeatable("pause the schedule", function).getReturnValue();
    }

    @Override
    public String resume(String name, @Nullable String actor, @Nullable String reason) {
        ResumeSchedule function = new ResumeSchedule();
        function.setPName(name);
        function.setPActor(actor);
        function.setPReason(reason);
        return repeatable("resume the schedule", function).getReturnValue();
    }

    @Override
    public String delete(String name, @Nullable String actor, @Nullable String reason) {
        DeleteSchedule function = new DeleteSchedule();
        function.setPName(name);
        function.setPActor(actor);
        function.setPReason(reason);
        return execute("delete the schedule", function).getReturnValue();
    }

    @Override
    public Optional<Started> trigger(String name, UUID runId, @Nullable String actor, @Nullable String reason) {
        TriggerSchedule function = new TriggerSchedule();
        function.setPName(name);
        function.setPRunId(runId);
        function.setPActor(actor);
        function.setPReason(reason);
        repeatable("start a run of the schedule", function);
        UUID started = function.getRunId();
        return started == null
                ? Optional.empty()
                : Optional.of(new Started(
                        List.of(started),
                        List.of(isTrue(function.getCreated())),
                        set(function.getWokenQueues()),
                        isTrue(function.getToSettle()),
                        false));
    }

    @Override
    public Optional<Started> backfill(
            String name, List<Instant> ticks, @Nullable String actor, @Nullable String reason) {
        BackfillSchedule function = new BackfillSchedule();
        function.setPName(name);
        function.setPTicks(times(ticks));
        function.setPActor(actor);
        function.setPReason(reason);
        repeatable("fill in runs of the schedule", function);
        UUID[] runIds = function.getRunIds();
        return runIds == null
                ? Optional.empty()
                : Optional.of(new Started(
                        Columns.list(runIds),
                        Columns.list(function.getCreated()),
                        set(function.getWokenQueues()),
                        isTrue(function.getToSettle()),
                        false));
    }

    @Override
    public List<ScheduleRow> list(Optional<String> name) {
        ListSchedules t = ListSchedules.LIST_SCHEDULES.call(name.orElse(null));
        return calls.repeatable(
                "list schedules", db -> db.select(t.fields()).from(t).fetch(row -> scheduleRow(t, row)));
    }

    @Override
    public List<ScheduleEntryRow> entries(String name, Optional<Long> before, int limit) {
        ScheduleEntries t = ScheduleEntries.SCHEDULE_ENTRIES.call(name, before.orElse(null), limit);
        return calls.repeatable(
                "read the history of the schedule",
                db -> db.select(t.fields())
                        .from(t)
                        .fetch(row -> new ScheduleEntryRow(
                                row.get(t.ENTRY),
                                row.get(t.AT).toInstant(),
                                row.get(t.EVENT),
                                instant(row.get(t.TICK_AT)),
                                Optional.ofNullable(row.get(t.RUN_ID)),
                                Optional.ofNullable(row.get(t.ACTOR)),
                                Optional.ofNullable(row.get(t.REASON)),
                                Optional.ofNullable(text(row.get(t.DETAIL))))));
    }

    private static ScheduleRow scheduleRow(ListSchedules t, Record row) {
        return new ScheduleRow(
                new DueSchedule(
                        row.get(t.SCHEDULE_ID),
                        row.get(t.NAME),
                        row.get(t.CRON),
                        orElse(row.get(t.TIME_ZONE), ""),
                        orElse(row.get(t.EVERY_SECONDS), 0L),
                        instant(row.get(t.FIRST_AT)).orElse(Instant.EPOCH),
                        row.get(t.CATCH_UP),
                        row.get(t.CATCH_UP_LIMIT),
                        row.get(t.DECIDED_UNTIL).toInstant(),
                        row.get(t.ASKED_AT).toInstant()),
                row.get(t.WORKFLOW),
                text(row.get(t.INPUT)),
                row.get(t.OVERLAP),
                row.get(t.PRIORITY),
                Optional.ofNullable(row.get(t.DEADLINE_MS)),
                text(row.get(t.LABELS)),
                isTrue(row.get(t.PAUSED)),
                instant(row.get(t.NEXT_AT)),
                instant(row.get(t.LAST_AT)),
                Optional.ofNullable(row.get(t.LAST_RUN_ID)));
    }

    private static OffsetDateTime time(Instant moment) {
        return moment.atOffset(ZoneOffset.UTC);
    }

    private static @Nullable OffsetDateTime time(Optional<Instant> moment) {
        return moment.map(JooqScheduleStore::time).orElse(null);
    }

    private static OffsetDateTime[] times(List<Instant> moments) {
        return moments.stream().map(JooqScheduleStore::time).toArray(OffsetDateTime[]::new);
    }

    private static Optional<Instant> instant(@Nullable OffsetDateTime time) {
        return Optional.ofNullable(time).map(OffsetDateTime::toInstant);
    }

    private static <T> T orElse(@Nullable T value, T standIn) {
        return value == null ? standIn : value;
    }

    private <R extends Routine<?>> R repeatable(String attempt, R function) {
        calls.repeatable(attempt, db -> function.execute(db.configuration()));
        return function;
    }

    private <R extends Routine<?>> R execute(String attempt, R function) {
        calls.call(attempt, db -> function.execute(db.configuration()));
        return function;
    }
}
