package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Parameters.uuids;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The functions that say how runs stand, for operations on them. */
final class SurveyCalls implements SurveyStore {

    private static final String WHY = "select w.code, w.reason, w.detail from pgflow.why_not_running(?::uuid, ?, ?) w";
    private static final String EXPORT = "select pgflow.export_run(?::uuid) as document";
    private static final String UNDO = "select pgflow.undo_of(?::uuid) as undo_run_id";
    private static final String PLAN = "select p.step, p.fate, p.reason from pgflow.plan_move(?::uuid, ?) p";
    private static final String COUNT = """
            select c.state, c.runs
            from pgflow.count_matching_runs(?, ?, ?::jsonb, ?::timestamptz, ?::timestamptz) c
            """;
    private static final String MATCHING = """
            select pgflow.matching_runs(?, ?, ?::jsonb, ?::timestamptz, ?::timestamptz, ?::uuid, ?) as run_ids
            """;
    private static final String CLOCK = "select pgflow.clock() as now";

    private final Calls calls;

    SurveyCalls(Calls calls) {
        this.calls = calls;
    }

    @Override
    public List<WaitRow> whyNotRunning(UUID runId, String step, int item) {
        return calls.repeatable("ask why a task does not run", WHY, statement -> {
            new Parameters(statement).text(runId.toString()).text(step).number(item);
            return rows(
                    statement,
                    row -> new WaitRow(row.getString("code"), row.getString("reason"), row.getString("detail")));
        });
    }

    @Override
    public Optional<String> export(UUID runId) {
        return calls.repeatable("export the run", EXPORT, statement -> {
            new Parameters(statement).text(runId.toString());
            return first(statement, row -> Optional.ofNullable(row.getString("document")));
        });
    }

    @Override
    public Optional<UUID> undoOf(UUID runId) {
        return calls.prepared("ask what undoes a run", UNDO, statement -> {
            new Parameters(statement).text(runId.toString());
            return first(statement, row -> Optional.ofNullable(row.getObject("undo_run_id", UUID.class)));
        });
    }

    @Override
    public List<MoveRow> planMove(UUID runId, int version) {
        return calls.repeatable("plan the move of a run", PLAN, statement -> {
            new Parameters(statement).text(runId.toString()).number(version);
            return rows(
                    statement,
                    row -> new MoveRow(row.getString("step"), row.getString("fate"), row.getString("reason")));
        });
    }

    @Override
    public Map<String, Long> count(RunChoice choice) {
        return calls.repeatable("count runs", COUNT, statement -> {
            choose(new Parameters(statement), choice);
            var counts = new LinkedHashMap<String, Long>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    counts.put(rows.getString("state"), rows.getLong("runs"));
                }
            }
            return counts;
        });
    }

    @Override
    public List<UUID> matching(RunChoice choice, Optional<UUID> after, int limit) {
        return calls.repeatable("find runs", MATCHING, statement -> {
            choose(new Parameters(statement), choice)
                    .text(after.map(UUID::toString).orElse(null))
                    .number(limit);
            return first(statement, row -> list(uuids(row, "run_ids")));
        });
    }

    @Override
    public Instant clock() {
        return calls.repeatable(
                "ask for the time",
                CLOCK,
                statement -> first(
                        statement,
                        row -> row.getObject("now", OffsetDateTime.class).toInstant()));
    }

    private static Parameters choose(Parameters parameters, RunChoice choice) throws SQLException {
        return parameters
                .text(choice.workflow().orElse(null))
                .arrayUnlessEmpty("text", choice.states().toArray(String[]::new))
                .text(choice.labels().orElse(null))
                .text(choice.createdFrom().map(Instant::toString).orElse(null))
                .text(choice.createdUntil().map(Instant::toString).orElse(null));
    }

    private static <T> List<T> rows(PreparedStatement statement, OnRow<T> read) throws SQLException {
        var found = new ArrayList<T>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                found.add(read.from(rows));
            }
        }
        return found;
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
