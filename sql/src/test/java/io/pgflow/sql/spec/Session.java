package io.pgflow.sql.spec;

import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** One connection that speaks the engine's functions. Every call is a transaction, unless {@link #begin} opened one. */
public final class Session implements AutoCloseable {
    private final Connection connection;
    private final List<SQLWarning> notices = new ArrayList<>();

    public Session(DataSource database) {
        try {
            connection = database.getConnection();
            execute("set statement_timeout = '30s'");
        } catch (SQLException e) {
            throw new SqlFailure(e);
        }
    }

    long define(String name, String text) {
        return defineJson(WorkflowText.definition(name, text)).number("workflow_id");
    }

    /** As {@link #define(String, String)}, with more fields for one step. */
    long define(String name, String text, String step, String fields) {
        return defineJson(WorkflowText.with(WorkflowText.definition(name, text), step, fields))
                .number("workflow_id");
    }

    public Row defineJson(@Nullable String definition) {
        return row("select * from pgflow.define_workflow(?::jsonb)", definition);
    }

    UUID start(String workflow) {
        return start(workflow, "null");
    }

    UUID start(String workflow, String input) {
        return row("select pgflow.start_run(?, ?::jsonb) as run_id", workflow, input)
                .uuid("run_id");
    }

    UUID startDelayed(String workflow, String delay) {
        return row("select pgflow.start_run(?, '[]', p_delay => ?::interval) as run_id", workflow, delay)
                .uuid("run_id");
    }

    /** A worker with all handlers that are defined now, on all queues. */
    long worker() {
        return row("select pgflow.register_worker('worker', (select array_agg(queue) from pgflow.queues),"
                        + " (select array_agg(distinct handler) filter (where handler is not null) from pgflow.steps)) as id")
                .number("id");
    }

    long workerWith(String... handlers) {
        return row("select pgflow.register_worker('worker', '{default}', ?) as id", (Object) handlers)
                .number("id");
    }

    List<Claim> claim(long worker, int limit) {
        return claim(worker, "default", limit);
    }

    List<Claim> claim(long worker, String queue, int limit) {
        return rows(
                        "select c.*, s.name from pgflow.claim_tasks(?, ?, ?) c join pgflow.steps s using (workflow_id, step)",
                        worker,
                        queue,
                        limit)
                .stream()
                .map(row -> new Claim(
                        row.uuid("run_id"),
                        row.integer("step"),
                        row.integer("item"),
                        row.integer("fence"),
                        row.integer("attempt"),
                        row.text("input"),
                        row.text("outputs"),
                        String.valueOf(row.text("name"))))
                .toList();
    }

    Claim claimOne(long worker) {
        List<Claim> claims = claim(worker, 1);
        if (claims.isEmpty()) {
            throw new IllegalStateException("there is nothing to claim");
        }
        return claims.get(0);
    }

    Report complete(long worker, Claim claim) {
        return complete(worker, List.of(claim), "\"" + claim.name() + "\"");
    }

    Report complete(long worker, Claim claim, @Nullable String output) {
        return complete(worker, List.of(claim), output);
    }

    /** Reports the same output for all. */
    Report complete(long worker, List<Claim> claims, @Nullable String output) {
        return complete(worker, claims, Collections.nCopies(claims.size(), output));
    }

    Report complete(long worker, List<Claim> claims, List<@Nullable String> outputs) {
        Row row = row(
                "select * from pgflow.complete_tasks(?, ?, ?, ?, ?, ?::jsonb[])",
                worker,
                ids(claims),
                steps(claims),
                items(claims),
                fences(claims),
                outputs.toArray(String[]::new));
        return report(row, "stale", row.truth("to_settle"));
    }

    Row heartbeat(long worker, List<Claim> claims) {
        return row(
                "select * from pgflow.heartbeat(?, ?, ?, ?, ?)",
                worker,
                ids(claims),
                steps(claims),
                items(claims),
                fences(claims));
    }

    boolean openTransaction(Claim claim) {
        return row(
                        "select pgflow.open_transaction(?, ?::smallint, ?, ?) as held",
                        claim.runId(),
                        claim.step(),
                        claim.item(),
                        claim.fence())
                .truth("held");
    }

    Report completeInTransaction(long worker, Claim claim, String output) {
        Row row = row(
                "select * from pgflow.complete_in_transaction(?, ?, ?::smallint, ?, ?, ?::jsonb)",
                worker,
                claim.runId(),
                claim.step(),
                claim.item(),
                claim.fence(),
                output);
        return report(row, "stale", row.truth("to_settle"));
    }

    /** Asks for outputs that are known under one key. */
    Report reuse(long worker, List<Claim> claims, String cache, String key) {
        Row row = row(
                "select * from pgflow.reuse_outputs(?, ?, ?, ?, ?, ?, ?::jsonb[])",
                worker,
                ids(claims),
                steps(claims),
                items(claims),
                fences(claims),
                Collections.nCopies(claims.size(), cache).toArray(String[]::new),
                Collections.nCopies(claims.size(), key).toArray(String[]::new));
        return report(row, "reused", row.truth("to_settle"));
    }

    Report fail(long worker, Claim claim) {
        return fail(worker, claim, true, null);
    }

    Report failForGood(long worker, Claim claim) {
        return fail(worker, claim, false, null);
    }

    Report fail(long worker, Claim claim, boolean retryable, @Nullable String retryAfter) {
        return fail(worker, List.of(claim), List.of(retryable), retryAfter);
    }

    /** Reports the same error for all. */
    Report fail(long worker, List<Claim> claims, List<Boolean> retryable, @Nullable String retryAfter) {
        Row row = row(
                "select * from pgflow.fail_tasks(?, ?, ?, ?, ?, array_fill('{\"message\": \"no luck\"}'::jsonb, array[?]),"
                        + " string_to_array(?, ' ')::boolean[], array_fill(?::interval, array[?]))",
                worker,
                ids(claims),
                steps(claims),
                items(claims),
                fences(claims),
                claims.size(),
                retryable.stream().map(String::valueOf).collect(Collectors.joining(" ")),
                retryAfter,
                claims.size());
        return report(row, "stale", row.truth("to_settle"));
    }

    Report skip(UUID run, String... steps) {
        UUID[] runs = Collections.nCopies(steps.length, run).toArray(UUID[]::new);
        Row row = row("select * from pgflow.skip_tasks(?, ?, 'ada', 'not needed')", runs, steps);
        return report(row, "applied", row.truth("to_settle"));
    }

    /** What became of it; the payload is {@code {"id": id}}. */
    String signal(UUID run, String name, String id) {
        return String.valueOf(row(
                        "select outcome from pgflow.signal_run(?, ?, ?::jsonb, ?, 'ada')",
                        run,
                        name,
                        "{\"id\": \"" + id + "\"}",
                        id)
                .text("outcome"));
    }

    String cancel(UUID run) {
        return String.valueOf(row("select * from pgflow.cancel_runs(array[?::uuid], 'ada', 'enough')", run)
                .text("outcome"));
    }

    String retry(UUID run) {
        return outcomes(row("select outcomes from pgflow.retry_runs(array[?::uuid], 'ada', 'mended')", run));
    }

    /** The outcomes of the steps, by comma. */
    String rerun(UUID run, String... steps) {
        UUID[] runs = Collections.nCopies(steps.length, run).toArray(UUID[]::new);
        return outcomes(row("select outcomes from pgflow.rerun_steps(?, ?, 'ada', 'once more')", runs, steps));
    }

    String setOutput(UUID run, String step, int item, String output) {
        return String.valueOf(
                row("select * from pgflow.set_output(?, ?, ?, ?::jsonb, 'ada', 'by hand')", run, step, item, output)
                        .text("outcome"));
    }

    String skipTask(UUID run, String step, int item) {
        return String.valueOf(row("select * from pgflow.skip_task(?, ?, ?, 'ada', 'not needed')", run, step, item)
                .text("outcome"));
    }

    private static String outcomes(Row row) {
        return String.join(", ", row.list("outcomes", String.class));
    }

    /** Settles until nothing is left. */
    void settle() {
        while (row("select left_over from pgflow.settle_steps(100)").truth("left_over")) {}
    }

    int fire() {
        return row("select fired from pgflow.fire_timers(1000)").integer("fired");
    }

    /** Declares silent workers lost and hands on all that they held. */
    void expire() {
        while (row("select left_over from pgflow.expire_workers(1000)").truth("left_over")) {}
    }

    /** Moves the engine's time, as this connection sees it, this much forward. */
    void clock(String offset) {
        execute("set pgflow.clock_offset = '" + offset + "'");
    }

    /** Claims, completes and settles until the queue is empty. */
    void drain(long worker) {
        List<Claim> claims = claim(worker, 100);
        while (!claims.isEmpty()) {
            complete(worker, claims, "[1, 2]");
            settle();
            claims = claim(worker, 100);
        }
    }

    /** {@code "RUNNING: root SUCCEEDED, left SCHEDULED"}; items of a map as {@code name[1]}. */
    String states(UUID run) {
        return String.valueOf(row("""
                        select r.state || ': ' || string_agg(
                            s.name || case when t.item > 0 then '[' || t.item || ']' else '' end || ' ' || t.state,
                            ', ' order by t.step, t.item) as states
                        from pgflow.runs r
                        join pgflow.tasks t using (run_id)
                        join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = t.step
                        where r.run_id = ?
                        group by r.state
                        """, run).text("states"));
    }

    /** The names of the transitions of a run and its tasks, in order: {@code "start", "root enqueue"}. */
    List<String> history(UUID run) {
        return texts("""
                select case when e.step > 0 then s.name || case when e.item > 0 then '[' || e.item || ']' else '' end || ' ' else '' end
                       || t.name
                from pgflow.events e
                join pgflow.runs r using (run_id)
                join pgflow.transitions t using (transition)
                left join pgflow.steps s on s.workflow_id = r.workflow_id and s.step = e.step
                where e.run_id = ?
                order by e.event_id
                """, run);
    }

    @Nullable
    String output(UUID run, String step) {
        return row(
                        "select t.output from pgflow.tasks t join pgflow.steps s using (workflow_id, step)"
                                + " where t.run_id = ? and s.name = ? and t.item = 0",
                        run,
                        step)
                .text("output");
    }

    public long count(String sql, @Nullable Object... parameters) {
        return Long.parseLong(texts(sql, parameters).get(0));
    }

    public List<String> texts(String sql, @Nullable Object... parameters) {
        return rows(sql, parameters).stream()
                .map(row -> String.valueOf(row.columns().values().iterator().next()))
                .toList();
    }

    public Row row(String sql, @Nullable Object... parameters) {
        return rows(sql, parameters).get(0);
    }

    public List<Row> rows(String sql, @Nullable Object... parameters) {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                bind(statement, i + 1, parameters[i]);
            }
            List<Row> found = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(Row.of(rows));
                }
            }
            for (SQLWarning notice = statement.getWarnings(); notice != null; notice = notice.getNextWarning()) {
                notices.add(notice);
            }
            return found;
        } catch (SQLException e) {
            throw new SqlFailure(e);
        }
    }

    /** What the server said beside the rows, since this was asked last. */
    List<SQLWarning> takeNotices() {
        List<SQLWarning> taken = List.copyOf(notices);
        notices.clear();
        return taken;
    }

    public void execute(String sql) {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new SqlFailure(e);
        }
    }

    public void begin() {
        execute("begin");
    }

    public void commit() {
        execute("commit");
    }

    public void rollback() {
        execute("rollback");
    }

    int pid() {
        return (int) count("select pg_backend_pid()");
    }

    /** Returns when that server process stands at a pause point. */
    void awaitAdvisoryWait(int pid) {
        await().until(() ->
                count("select count(*) from pg_stat_activity where pid = ? and wait_event = 'advisory'", pid) > 0);
    }

    static UUID[] ids(List<Claim> claims) {
        return claims.stream().map(Claim::runId).toArray(UUID[]::new);
    }

    static Short[] steps(List<Claim> claims) {
        return claims.stream().map(claim -> (short) claim.step()).toArray(Short[]::new);
    }

    static Integer[] items(List<Claim> claims) {
        return numbers(claims, Claim::item);
    }

    static Integer[] fences(List<Claim> claims) {
        return numbers(claims, Claim::fence);
    }

    private static Integer[] numbers(List<Claim> claims, Function<Claim, Integer> number) {
        return claims.stream().map(number).toArray(Integer[]::new);
    }

    private void bind(PreparedStatement statement, int position, @Nullable Object value) throws SQLException {
        if (value instanceof UUID[] ids) {
            statement.setArray(position, connection.createArrayOf("uuid", ids));
        } else if (value instanceof Integer[] numbers) {
            statement.setArray(position, connection.createArrayOf("int4", numbers));
        } else if (value instanceof Short[] numbers) {
            statement.setArray(position, connection.createArrayOf("int2", numbers));
        } else if (value instanceof String[] texts) {
            statement.setArray(position, connection.createArrayOf("text", texts));
        } else {
            statement.setObject(position, value);
        }
    }

    private static Report report(Row row, String positions, boolean toSettle) {
        return new Report(
                row.list(positions, Integer.class),
                row.list("ended_run_ids", UUID.class),
                row.list("woken_queues", String.class),
                toSettle);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new SqlFailure(e);
        }
    }
}
