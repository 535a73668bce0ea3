package io.pgflow.internal.store;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Plain JDBC, since handlers may tell much; see {@link Calls#prepared}. */
final class JdbcProgressStore implements ProgressStore {

    private static final String REPORT = "select pgflow.report_progress(?, ?, ?, ?, ?, ?, ?, ?)";
    private static final String PAGE = "select p.* from pgflow.progress_page(?, ?, ?) p";
    private static final String PRUNE = "select pgflow.prune_progress()";

    private final Calls calls;

    JdbcProgressStore(Calls calls) {
        this.calls = calls;
    }

    @Override
    public Set<Integer> report(List<ToldProgress> told) {
        List<TaskId> tasks = told.stream().map(ToldProgress::task).toList();
        return calls.prepared("store the progress of tasks", REPORT, statement -> {
            new Parameters(statement)
                    .tasks(tasks)
                    .array("float8", Columns.of(told, ToldProgress::fraction, Double[]::new))
                    .array("text", Columns.of(told, ToldProgress::message, String[]::new))
                    .array("jsonb", Columns.of(told, ToldProgress::detail, String[]::new))
                    .array("jsonb", Columns.of(told, ToldProgress::chunk, String[]::new));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                Array dropped = row.getArray(1);
                return Columns.positions((Integer[]) dropped.getArray());
            }
        });
    }

    @Override
    public List<ProgressRow> page(UUID runId, long after, int limit) {
        return calls.repeatable("read the progress of a run", PAGE, statement -> {
            new Parameters(statement).uuid(runId).number(after).number(limit);
            try (ResultSet rows = statement.executeQuery()) {
                var page = new ArrayList<ProgressRow>();
                while (rows.next()) {
                    page.add(row(rows));
                }
                return page;
            }
        });
    }

    @Override
    public boolean prune() {
        return calls.prepared("forget old progress", PRUNE, statement -> {
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        });
    }

    private static ProgressRow row(ResultSet row) throws SQLException {
        String message = row.getString("message");
        return new ProgressRow(
                row.getLong("position"),
                row.getObject("at", OffsetDateTime.class).toInstant(),
                row.getString("step"),
                row.getInt("item"),
                row.getInt("attempt"),
                row.getInt("fence"),
                row.getBoolean("replaced"),
                row.getDouble("fraction"),
                message == null ? "" : message,
                row.getString("detail"),
                row.getString("chunk"));
    }
}
