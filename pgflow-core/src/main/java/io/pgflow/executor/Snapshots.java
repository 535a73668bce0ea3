package io.pgflow.executor;

import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.RunQuery;
import io.pgflow.internal.store.RunRow;
import io.pgflow.internal.store.TaskRow;
import io.pgflow.state.Priority;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** From rows to what applications see. */
final class Snapshots {

    private Snapshots() {}

    static RunSnapshot of(RunRow row) {
        return new RunSnapshot(
                row.runId(),
                row.workflow(),
                row.version(),
                RunState.valueOf(row.state()),
                Priority.of(row.priority()),
                labels(row.labels()),
                row.input(),
                Optional.ofNullable(row.output()),
                Optional.ofNullable(row.error()),
                row.createdAt().toInstant(),
                instant(row.startedAt()),
                instant(row.endedAt()),
                Optional.ofNullable(row.parentRunId()).map(runId -> parent(runId, row)));
    }

    private static ParentTask parent(UUID runId, RunRow row) {
        Integer item = row.parentItem();
        return new ParentTask(
                runId,
                String.valueOf(row.parentStep()),
                item != null && item > 0 ? OptionalInt.of(item - 1) : OptionalInt.empty());
    }

    static TaskSnapshot of(TaskRow row) {
        return new TaskSnapshot(
                row.step(),
                row.kind(),
                Optional.ofNullable(row.handler()),
                row.isMap() && row.item() == 0,
                row.item() > 0 ? OptionalInt.of(row.item() - 1) : OptionalInt.empty(),
                TaskState.valueOf(row.state()),
                row.attempts(),
                row.remaining(),
                Optional.ofNullable(row.deferred()),
                row.unserved(),
                row.workerId() == null ? OptionalLong.empty() : OptionalLong.of(row.workerId()),
                instant(row.dueAt()),
                instant(row.startedAt()),
                instant(row.endedAt()),
                Optional.ofNullable(row.output()),
                Optional.ofNullable(row.error()),
                Optional.ofNullable(row.progress()),
                Optional.ofNullable(row.childRunId()));
    }

    static RunQuery query(RunFilter filter) {
        List<String> states = filter.states().stream().map(RunState::name).toList();
        return new RunQuery(
                filter.workflow().orElse(null),
                states.isEmpty() ? null : states,
                filter.labels().isEmpty() ? null : Json.writeTree(filter.labels()),
                filter.after().orElse(null),
                filter.limit());
    }

    private static Map<String, String> labels(@Nullable String json) {
        var labels = new HashMap<String, String>();
        if (json != null && Json.tree(json, "the labels of a run") instanceof Map<?, ?> object) {
            object.forEach((key, value) -> labels.put(String.valueOf(key), String.valueOf(value)));
        }
        return labels;
    }

    private static Optional<Instant> instant(@Nullable OffsetDateTime time) {
        return time == null ? Optional.empty() : Optional.of(time.toInstant());
    }
}
