package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.set;
import static io.pgflow.internal.store.Parameters.texts;
import static io.pgflow.internal.store.Parameters.uuids;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The functions that change runs because a person asked. Those that answer a repetition without doing it again are sent again when an answer
 * is lost; a rerun would run again what has ended meanwhile, and a move would be refused, since it took place.
 */
final class OperationCalls implements OperationStore {

    private static final String RETRY = """
            select o.outcomes, null::uuid[] as ended_run_ids, o.woken_queues, o.to_settle
            from pgflow.retry_runs(?, ?, ?) o
            """;
    private static final String RERUN = """
            select o.outcomes, null::uuid[] as ended_run_ids, o.woken_queues, o.to_settle
            from pgflow.rerun_steps(?, ?, ?, ?) o
            """;
    private static final String SET_OUTPUT = """
            select array[o.outcome] as outcomes, o.ended_run_ids, o.woken_queues, o.to_settle
            from pgflow.set_output(?::uuid, ?, ?, ?::jsonb, ?, ?) o
            """;
    private static final String SKIP = """
            select array[case o.outcome when 'skipped' then 'done' else o.outcome end] as outcomes, o.ended_run_ids,
                   o.woken_queues, o.to_settle
            from pgflow.skip_task(?::uuid, ?, ?, ?, ?) o
            """;
    private static final String START_AGAIN = """
            select array[o.outcome] as outcomes, null::uuid[] as ended_run_ids, o.woken_queues, o.to_settle
            from pgflow.start_again(?::uuid, ?::uuid, ?::jsonb, ?, ?) o
            """;

    private static final String MOVE = """
            select o.reasons as outcomes, null::uuid[] as ended_run_ids, o.woken_queues, o.to_settle
            from pgflow.move_run(?::uuid, ?, ?, ?) o
            """;
    private static final String CANCEL = """
            select count(*) as cancelled
            from pgflow.cancel_runs(?, ?, ?) c
            where c.outcome = 'cancelled'
            """;

    private final Calls calls;

    OperationCalls(Calls calls) {
        this.calls = calls;
    }

    @Override
    public Operated retry(List<UUID> runIds, String actor, String reason) {
        return repeatable(
                "retry runs",
                RETRY,
                to -> to.array("uuid", runIds.toArray(UUID[]::new)).text(actor).text(reason));
    }

    @Override
    public Operated rerun(UUID runId, List<String> steps, String actor, String reason) {
        UUID[] runIds = Collections.nCopies(steps.size(), runId).toArray(UUID[]::new);
        return once(
                "rerun steps",
                RERUN,
                to -> to.array("uuid", runIds)
                        .array("text", steps.toArray(String[]::new))
                        .text(actor)
                        .text(reason));
    }

    @Override
    public Operated setOutput(UUID runId, String step, int item, String outputJson, String actor, String reason) {
        return repeatable(
                "set the output of a task",
                SET_OUTPUT,
                to -> to.text(runId.toString())
                        .text(step)
                        .number(item)
                        .text(outputJson)
                        .text(actor)
                        .text(reason));
    }

    @Override
    public Operated skip(UUID runId, String step, int item, String actor, String reason) {
        return repeatable(
                "skip the task",
                SKIP,
                to -> to.text(runId.toString())
                        .text(step)
                        .number(item)
                        .text(actor)
                        .text(reason));
    }

    @Override
    public Operated startAgain(UUID runId, UUID newRunId, @Nullable String inputJson, String actor, String reason) {
        return repeatable(
                "start the run again",
                START_AGAIN,
                to -> to.text(runId.toString())
                        .text(newRunId.toString())
                        .text(inputJson)
                        .text(actor)
                        .text(reason));
    }

    @Override
    public Operated move(UUID runId, int version, String actor, String reason) {
        return once(
                "move the run",
                MOVE,
                to -> to.text(runId.toString()).number(version).text(actor).text(reason));
    }

    @Override
    public long cancel(List<UUID> runIds, String actor, String reason) {
        return calls.repeatable("cancel runs", CANCEL, statement -> {
            new Parameters(statement)
                    .array("uuid", runIds.toArray(UUID[]::new))
                    .text(actor)
                    .text(reason);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong("cancelled");
            }
        });
    }

    private Operated once(String attempt, String sql, Filling filling) {
        return calls.prepared(attempt, sql, statement -> operated(statement, filling));
    }

    private Operated repeatable(String attempt, String sql, Filling filling) {
        return calls.repeatable(attempt, sql, statement -> operated(statement, filling));
    }

    private static Operated operated(PreparedStatement statement, Filling filling) throws SQLException {
        filling.fill(new Parameters(statement));
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return new Operated(
                    list(texts(row, "outcomes")),
                    new Outcome(
                            Set.of(),
                            list(uuids(row, "ended_run_ids")),
                            set(texts(row, "woken_queues")),
                            row.getBoolean("to_settle"),
                            Optional.empty()));
        }
    }

    private interface Filling {
        Parameters fill(Parameters parameters) throws SQLException;
    }
}
