package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The functions of approvals, by plain JDBC. */
final class JdbcApprovalStore implements ApprovalStore {

    private static final String DECIDE = """
            select d.outcome, d.problems, d.to_settle
            from pgflow.decide_approval(?::uuid, ?::uuid, ?, ?, ?, ?, ?::jsonb, ?) d
            """;
    private static final String PENDING = "select a.* from pgflow.list_approvals(?, ?, ?::uuid, ?) a";
    private static final String FIND = "select a.* from pgflow.get_approval(?::uuid) a";
    private static final String KEEP = "select pgflow.keep_approval_events(?::int)";

    private final Calls calls;

    JdbcApprovalStore(Calls calls) {
        this.calls = calls;
    }

    @Override
    public Answer decide(Vote vote) {
        return calls.repeatable("decide an approval", DECIDE, statement -> {
            new Parameters(statement)
                    .text(text(vote.approvalId()))
                    .text(text(vote.runId()))
                    .text(vote.step())
                    .text(vote.actor())
                    .array("text", vote.roles().toArray(String[]::new))
                    .text(vote.choice())
                    .text(vote.form())
                    .text(vote.comment());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Answer(row.getString("outcome"), row.getString("problems"), row.getBoolean("to_settle"));
            }
        });
    }

    @Override
    public List<ApprovalRow> pending(@Nullable String actor, List<String> roles, @Nullable UUID runId, int limit) {
        return calls.repeatable("list approvals", PENDING, statement -> {
            new Parameters(statement)
                    .text(actor)
                    .array("text", roles.toArray(String[]::new))
                    .text(text(runId))
                    .number(limit);
            return rows(statement);
        });
    }

    @Override
    public Optional<ApprovalRow> find(UUID approvalId) {
        return calls.repeatable("read the approval", FIND, statement -> {
            new Parameters(statement).text(text(approvalId));
            return rows(statement).stream().findFirst();
        });
    }

    @Override
    public void keepEvents(@Nullable Integer most) {
        calls.repeatable("keep events of approvals", KEEP, statement -> {
            new Parameters(statement).text(most == null ? null : most.toString());
            return statement.execute();
        });
    }

    private static List<ApprovalRow> rows(PreparedStatement statement) throws SQLException {
        var found = new ArrayList<ApprovalRow>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                found.add(row(rows));
            }
        }
        return found;
    }

    private static ApprovalRow row(ResultSet row) throws SQLException {
        return new ApprovalRow(
                row.getObject("approval_id", UUID.class),
                row.getObject("run_id", UUID.class),
                row.getString("workflow"),
                row.getString("step"),
                row.getString("state"),
                row.getString("asks"),
                Optional.ofNullable(row.getString("shown")),
                list(Parameters.texts(row, "roles")),
                list(Parameters.texts(row, "actors")),
                row.getInt("stage"),
                time(row, "requested_at").orElseThrow(),
                time(row, "due_at"),
                time(row, "ended_at"),
                Optional.ofNullable(row.getString("choice")),
                row.getString("votes"));
    }

    private static Optional<Instant> time(ResultSet row, String column) throws SQLException {
        return Optional.ofNullable(row.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }

    private static @Nullable String text(@Nullable UUID id) {
        return id == null ? null : id.toString();
    }
}
