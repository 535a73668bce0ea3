package io.pgflow.testkit;

import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a run stands, task by task, at one moment.
 *
 * @param tasks in the order of the steps, items behind their map
 */
record RunStand(
        UUID runId,
        String workflow,
        int version,
        RunState state,
        Optional<String> output,
        Optional<String> error,
        List<Task> tasks) {

    /**
     * One task.
     *
     * @param item 0 for a plain step and for a map as a whole, else the number of the item from 1
     * @param attempts those that count: neither lost with a worker nor handed back
     * @param waitsFor why it is RUNNING without a worker
     * @param dueIn until its next attempt, or the end of its wait
     */
    record Task(
            String step,
            int item,
            List<String> after,
            TaskState state,
            int attempts,
            Optional<String> waitsFor,
            Optional<Duration> dueIn,
            Optional<String> output,
            Optional<String> error) {}

    private static final String RUN = """
            select r.workflow, r.version, r.state, coalesce(r.error -> 'error' ->> 'message', r.error::text), r.output::text
            from pgflow.get_run(?) r
            """;

    private static final String TASKS = """
            select s.name,
                   t.item,
                   array(select d.depends_on from pgflow.task_dependencies d
                         where d.run_id = t.run_id and d.step = s.name and d.item = t.item) as after,
                   t.state,
                   t.attempts - t.losses - t.releases,
                   t.deferred,
                   extract(epoch from m.due_at - pgflow.clock()) * 1000,
                   t.output::text,
                   coalesce(t.error ->> 'message', t.error::text)
            from pgflow.tasks t
            join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
            left join pgflow.timers m on m.run_id = t.run_id and m.step = t.step and m.item = t.item
            where t.run_id = ?
            order by t.step, t.item
            """;

    static RunStand of(Questions questions, Instant now, UUID runId) {
        List<Task> tasks = questions.ask(now, RunStand::task, TASKS, runId);
        return questions.ask(now, row -> run(row, runId, tasks), RUN, runId).stream()
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no run " + runId));
    }

    private static RunStand run(ResultSet row, UUID runId, List<Task> tasks) throws SQLException {
        return new RunStand(
                runId,
                row.getString(1),
                row.getInt(2),
                RunState.valueOf(row.getString(3)),
                Optional.ofNullable(row.getString(5)),
                Optional.ofNullable(row.getString(4)),
                tasks);
    }

    private static Task task(ResultSet row) throws SQLException {
        @Nullable Object millis = row.getObject(7);
        return new Task(
                row.getString(1),
                row.getInt(2),
                Arrays.asList((String[]) row.getArray(3).getArray()),
                TaskState.valueOf(row.getString(4)),
                row.getInt(5),
                Optional.ofNullable(row.getString(6)),
                millis == null
                        ? Optional.empty()
                        : Optional.of(Duration.ofMillis(row.getBigDecimal(7).longValue())),
                Optional.ofNullable(row.getString(8)),
                Optional.ofNullable(row.getString(9)));
    }
}
