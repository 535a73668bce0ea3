package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.positions;
import static io.pgflow.internal.store.Columns.set;
import static io.pgflow.internal.store.Parameters.integers;
import static io.pgflow.internal.store.Parameters.texts;
import static io.pgflow.internal.store.Parameters.uuids;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** The calls that a busy worker makes many times a second: to take tasks and to report them. Plain JDBC; see {@link Calls#prepared}. */
final class BatchCalls {

    private static final String CLAIM = """
            select c.run_id, c.workflow_id, c.step, c.item, c.fence, c.attempt, c.input, c.outputs
            from pgflow.claim_tasks(?, ?, ?) c
            """;
    private static final String COMPLETE = """
            select c.stale, c.ended_run_ids, c.woken_queues, c.to_settle
            from pgflow.complete_tasks(?, ?, ?, ?, ?, ?) c
            """;

    private static final String ADMIT = """
            select a.woken_queues, a.left_over, (extract(epoch from a.next_due_in) * 1000)::bigint as due_in_ms
            from pgflow.admit_tasks() a
            """;

    private final Calls calls;

    BatchCalls(Calls calls) {
        this.calls = calls;
    }

    List<ClaimedTask> claim(long workerId, String queue, int limit) {
        return calls.prepared("claim tasks", CLAIM, statement -> {
            new Parameters(statement).number(workerId).text(queue).number(limit);
            try (ResultSet rows = statement.executeQuery()) {
                return claimed(rows, limit);
            }
        });
    }

    Outcome complete(long workerId, List<Report.Completion> completions) {
        return calls.prepared("complete tasks", COMPLETE, statement -> {
            completions(new Parameters(statement).number(workerId), completions);
            return first(statement, BatchCalls::outcome);
        });
    }

    Outcome admit() {
        return calls.prepared(
                "let tasks through the gate",
                ADMIT,
                statement -> first(statement, row -> {
                    Optional<Duration> dueIn = Optional.ofNullable(row.getObject("due_in_ms", Long.class))
                            .map(millis -> Duration.ofMillis(Math.max(millis, 0)));
                    return new Outcome(
                            Set.of(), List.of(), set(texts(row, "woken_queues")), row.getBoolean("left_over"), dueIn);
                }));
    }

    private static Parameters completions(Parameters parameters, List<Report.Completion> completions)
            throws SQLException {
        return parameters
                .tasks(Columns.tasks(completions))
                .array("jsonb", Columns.of(completions, Report.Completion::output, String[]::new));
    }

    private static List<ClaimedTask> claimed(ResultSet rows, int limit) throws SQLException {
        var tasks = new ArrayList<ClaimedTask>(limit);
        while (rows.next()) {
            tasks.add(claimed(rows));
        }
        return tasks;
    }

    private static ClaimedTask claimed(ResultSet row) throws SQLException {
        return new ClaimedTask(
                new TaskId(row.getObject(1, UUID.class), row.getShort(3), row.getInt(4), row.getInt(5)),
                row.getLong(2),
                row.getInt(6),
                row.getString(7),
                row.getString(8));
    }

    private static Outcome outcome(ResultSet row) throws SQLException {
        return new Outcome(
                positions(integers(row, "stale")),
                list(uuids(row, "ended_run_ids")),
                set(texts(row, "woken_queues")),
                row.getBoolean("to_settle"),
                Optional.empty());
    }

    private static <T> T first(PreparedStatement statement, OnRow<T> read) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return read.from(row);
        }
    }

    private interface OnRow<T> {
        T from(ResultSet row) throws SQLException;
    }
}
