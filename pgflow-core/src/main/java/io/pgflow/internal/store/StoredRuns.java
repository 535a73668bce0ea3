package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.json;
import static io.pgflow.internal.store.Columns.text;
import static org.jooq.Records.mapping;

import io.pgflow.internal.store.schema.tables.GetRun;
import io.pgflow.internal.store.schema.tables.ListRuns;
import io.pgflow.internal.store.schema.tables.RunResults;
import io.pgflow.internal.store.schema.tables.RunTasks;
import io.pgflow.internal.store.schema.tables.Verify;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jooq.JSONB;
import org.jspecify.annotations.Nullable;

/** Runs and their tasks as they stand. */
final class StoredRuns {

    private final Calls calls;

    StoredRuns(Calls calls) {
        this.calls = calls;
    }

    Optional<RunRow> one(UUID runId) {
        GetRun t = GetRun.GET_RUN.call(runId);
        return calls.repeatable(
                "read the run",
                db -> db.select(
                                t.RUN_ID,
                                t.WORKFLOW,
                                t.VERSION,
                                t.STATE,
                                t.PRIORITY,
                                t.LABELS,
                                t.INPUT,
                                t.OUTPUT,
                                t.ERROR,
                                t.CREATED_AT,
                                t.STARTED_AT,
                                t.ENDED_AT,
                                t.PARENT_RUN_ID,
                                t.PARENT_STEP,
                                t.PARENT_ITEM)
                        .from(t)
                        .fetchOptional(mapping(StoredRuns::runRow)));
    }

    List<RunRow> list(RunQuery query) {
        List<String> states = query.states();
        ListRuns t = ListRuns.LIST_RUNS.call(
                query.workflow(),
                states == null ? null : states.toArray(String[]::new),
                json(query.labels()),
                query.before(),
                query.limit());
        return calls.repeatable(
                "list runs",
                db -> db.select(
                                t.RUN_ID,
                                t.WORKFLOW,
                                t.VERSION,
                                t.STATE,
                                t.PRIORITY,
                                t.LABELS,
                                t.INPUT,
                                t.OUTPUT,
                                t.ERROR,
                                t.CREATED_AT,
                                t.STARTED_AT,
                                t.ENDED_AT,
                                t.PARENT_RUN_ID,
                                t.PARENT_STEP,
                                t.PARENT_ITEM)
                        .from(t)
                        .fetch(mapping(StoredRuns::runRow)));
    }

    private static RunRow runRow(
            UUID runId,
            String workflow,
            int version,
            String state,
            short priority,
            @Nullable JSONB labels,
            JSONB input,
            @Nullable JSONB output,
            @Nullable JSONB error,
            OffsetDateTime createdAt,
            @Nullable OffsetDateTime startedAt,
            @Nullable OffsetDateTime endedAt,
            @Nullable UUID parentRunId,
            @Nullable String parentStep,
            @Nullable Integer parentItem) {
        return new RunRow(
                runId,
                workflow,
                version,
                state,
                priority,
                text(labels),
                input.data(),
                text(output),
                text(error),
                createdAt,
                startedAt,
                endedAt,
                parentRunId,
                parentStep,
                parentItem);
    }

    List<RunResult> results(List<UUID> runIds) {
        RunResults t = RunResults.RUN_RESULTS.call(runIds.toArray(UUID[]::new));
        return calls.call(
                "read the results of runs",
                db -> db.select(t.RUN_ID, t.STATE, t.OUTPUT, t.ERROR)
                        .from(t)
                        .fetch(mapping((runId, state, output, error) ->
                                new RunResult(runId, state, text(output), text(error)))));
    }

    List<TaskRow> tasks(UUID runId, int afterStep, int afterItem, int limit) {
        RunTasks t = RunTasks.RUN_TASKS.call(runId, afterStep, afterItem, limit);
        return calls.repeatable(
                "read the tasks of a run",
                db -> db.select(
                                t.STEP_NUMBER,
                                t.STEP,
                                t.KIND,
                                t.HANDLER,
                                t.IS_MAP,
                                t.ITEM,
                                t.STATE,
                                t.ATTEMPTS,
                                t.LOSSES,
                                t.REMAINING,
                                t.DEFERRED,
                                t.UNSERVED,
                                t.WORKER_ID,
                                t.DUE_AT,
                                t.STARTED_AT,
                                t.ENDED_AT,
                                t.OUTPUT,
                                t.ERROR,
                                t.PROGRESS,
                                t.CHILD_RUN_ID)
                        .from(t)
                        .fetch(mapping(StoredRuns::taskRow)));
    }

    private static TaskRow taskRow(
            short stepNumber,
            String step,
            String kind,
            @Nullable String handler,
            boolean isMap,
            int item,
            String state,
            short attempts,
            short losses,
            int remaining,
            @Nullable String deferred,
            boolean unserved,
            @Nullable Long workerId,
            @Nullable OffsetDateTime dueAt,
            @Nullable OffsetDateTime startedAt,
            @Nullable OffsetDateTime endedAt,
            @Nullable JSONB output,
            @Nullable JSONB error,
            @Nullable JSONB progress,
            @Nullable UUID childRunId) {
        return new TaskRow(
                stepNumber,
                step,
                kind,
                handler,
                isMap,
                item,
                state,
                attempts,
                losses,
                remaining,
                deferred,
                unserved,
                workerId,
                dueAt,
                startedAt,
                endedAt,
                text(output),
                text(error),
                text(progress),
                childRunId);
    }

    List<String> verify() {
        Verify t = Verify.VERIFY.call();
        return calls.repeatable(
                "verify the tables",
                db -> db.select(t.INVARIANT, t.RUN_ID, t.STEP, t.ITEM, t.PROBLEM)
                        .from(t)
                        .fetch(mapping(StoredRuns::violation)));
    }

    private static String violation(
            String invariant, @Nullable UUID runId, @Nullable Short step, @Nullable Integer item, String problem) {
        return runId == null
                ? invariant + ": " + problem
                : invariant + " run " + runId + " step " + step + " item " + item + ": " + problem;
    }
}
