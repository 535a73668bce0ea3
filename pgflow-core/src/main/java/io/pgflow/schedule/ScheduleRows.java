package io.pgflow.schedule;

import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.DueSchedule;
import io.pgflow.internal.store.ScheduleEntryRow;
import io.pgflow.internal.store.ScheduleRow;
import io.pgflow.state.Priority;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Between what applications see and what is stored. */
final class ScheduleRows {

    private ScheduleRows() {}

    static String definition(String workflow, Optional<String> inputJson, Timing timing, ScheduleOptions options) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("workflow", workflow);
        inputJson.ifPresent(input -> json.put("input", Json.tree(input, "the input of the schedule")));
        if (timing instanceof Timing.Cron cron) {
            json.put("cron", cron.expression());
            json.put("timeZone", cron.zone());
        } else if (timing instanceof Timing.Every every) {
            json.put("every", every.period().toString());
        }
        json.put("catchUp", word(options.catchUp().policy()));
        json.put("catchUpLimit", options.catchUp().most());
        json.put("overlap", word(options.overlap()));
        json.put("priority", options.priority().number());
        options.deadline().ifPresent(deadline -> json.put("deadline", deadline.toString()));
        if (!options.labels().isEmpty()) {
            json.put("labels", options.labels());
        }
        return Json.writeTree(json);
    }

    static ScheduleSnapshot snapshot(ScheduleRow row) {
        DueSchedule due = row.due();
        String cron = due.cron();
        Timing timing = cron != null
                ? new Timing.Cron(cron, due.zone())
                : new Timing.Every(Duration.ofSeconds(due.everySeconds()), Optional.of(due.firstAt()));
        return new ScheduleSnapshot(
                due.name(),
                row.workflow(),
                Optional.ofNullable(row.input()),
                timing,
                options(row),
                row.paused(),
                row.nextAt().flatMap(at -> nextTick(at, due, timing)),
                row.lastAt(),
                row.lastRunId());
    }

    static ScheduleEntry entry(ScheduleEntryRow row) {
        return new ScheduleEntry(
                row.entry(),
                row.at(),
                ScheduleEntry.What.valueOf(row.event().toUpperCase(Locale.ROOT)),
                row.tick(),
                row.runId(),
                row.actor(),
                row.reason(),
                row.detail());
    }

    /** What was defined or resumed just now is to be looked at before its next tick is known. */
    private static Optional<Instant> nextTick(Instant lookAt, DueSchedule due, Timing timing) {
        if (lookAt.isAfter(due.decidedUntil())) {
            return Optional.of(lookAt);
        }
        try {
            return timing.next(due.decidedUntil(), 1).stream().findFirst();
        } catch (ScheduleRefusedException e) { // stored by SQL, and about to be paused
            return Optional.empty();
        }
    }

    private static ScheduleOptions options(ScheduleRow row) {
        DueSchedule due = row.due();
        return new ScheduleOptions(
                new CatchUp(CatchUp.Policy.valueOf(due.catchUp().toUpperCase(Locale.ROOT)), due.catchUpLimit()),
                Overlap.valueOf(row.overlap().toUpperCase(Locale.ROOT)),
                labels(row.labels()),
                Priority.of(row.priority()),
                row.deadlineMillis().map(Duration::ofMillis),
                Optional.empty());
    }

    private static Map<String, String> labels(@Nullable String json) {
        var labels = new HashMap<String, String>();
        if (json != null && Json.tree(json, "the labels of a schedule") instanceof Map<?, ?> object) {
            object.forEach((key, value) -> labels.put(String.valueOf(key), String.valueOf(value)));
        }
        return labels;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
