package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.set;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The functions of flow control, by plain JDBC. */
final class JdbcFlowStore implements FlowStore {

    private static final String PAUSE = "select p.outcome from pgflow.pause(?, ?, ?, ?) p";
    private static final String RESUME = "select r.outcomes, r.woken_queues from pgflow.resume(?, ?, ?, ?) r";
    private static final String PAUSED =
            "select p.scope, p.name, p.since as at, p.actor, p.reason from pgflow.paused() p";
    private static final String HISTORY =
            "select h.at, h.rule, h.change, h.at_once, h.actor, h.reason from pgflow.rule_history(?, ?, ?) h";

    private static final String LIMIT_QUEUE =
            "select array[l.outcome] as outcomes, l.woken_queues from pgflow.limit_queue(?, ?, ?, ?) l";
    private static final String COUNT_HELD = "select pgflow.count_held(?)";
    private static final String QUEUES = "select q.* from pgflow.queue_loads() q";
    private static final String LIMITS = "select l.* from pgflow.limits_in_use() l";

    private final Calls calls;
    private final EarlierClaims earlierClaims;

    JdbcFlowStore(Calls calls) {
        this.calls = calls;
        this.earlierClaims = new EarlierClaims(calls);
    }

    @Override
    public List<String> pause(String scope, List<String> names, @Nullable String actor, @Nullable String reason) {
        String attempt = "pause " + scope + " " + names;
        List<String> answers = calls.repeatable(attempt, PAUSE, statement -> {
            rule(statement, scope, names, actor, reason);
            return all(statement, row -> row.getString("outcome"));
        });
        earlierClaims.await(attempt);
        return answers;
    }

    @Override
    public Resumed resume(String scope, List<String> names, @Nullable String actor, @Nullable String reason) {
        return calls.repeatable("resume " + scope + " " + names, RESUME, statement -> {
            rule(statement, scope, names, actor, reason);
            return all(statement, JdbcFlowStore::resumed).get(0);
        });
    }

    @Override
    public Resumed limitQueue(String queue, @Nullable Integer atOnce, @Nullable String actor, @Nullable String reason) {
        String attempt = "limit queue " + queue;
        Resumed resumed = calls.repeatable(attempt, LIMIT_QUEUE, statement -> {
            statement.setString(1, queue);
            statement.setObject(2, atOnce, Types.INTEGER);
            statement.setString(3, actor);
            statement.setString(4, reason);
            return all(statement, JdbcFlowStore::resumed).get(0);
        });
        if (atOnce != null) {
            earlierClaims.await(attempt);
            calls.repeatable(attempt, COUNT_HELD, statement -> {
                new Parameters(statement).text(queue);
                return statement.execute();
            });
        }
        return resumed;
    }

    @Override
    public List<QueueRow> queues() {
        return calls.repeatable(
                "look up the queues",
                QUEUES,
                statement -> all(
                        statement,
                        row -> new QueueRow(
                                row.getString("queue"),
                                row.getBoolean("is_paused"),
                                atOnce(row),
                                row.getLong("waiting"),
                                row.getLong("set_aside"),
                                row.getLong("at_gate"),
                                row.getLong("running"))));
    }

    @Override
    public List<LimitRow> limits() {
        return calls.repeatable(
                "look up the limits",
                LIMITS,
                statement -> all(
                        statement,
                        row -> new LimitRow(
                                row.getString("kind"),
                                row.getString("key"),
                                row.getLong("most"),
                                row.getLong("used"),
                                row.getLong("waiting"))));
    }

    @Override
    public List<RuleRow> paused() {
        return calls.repeatable("look up what is paused", PAUSED, statement -> all(statement, JdbcFlowStore::ruleRow));
    }

    @Override
    public List<RuleChangeRow> history(String scope, String name, int limit) {
        return calls.repeatable("look up the history of " + scope + " " + name, HISTORY, statement -> {
            new Parameters(statement).text(scope).text(name).number(limit);
            return all(statement, JdbcFlowStore::ruleChangeRow);
        });
    }

    private static void rule(
            PreparedStatement statement, String scope, List<String> names, @Nullable String actor, @Nullable String why)
            throws SQLException {
        new Parameters(statement)
                .text(scope)
                .array("text", names.toArray(String[]::new))
                .text(actor)
                .text(why);
    }

    private static Resumed resumed(ResultSet row) throws SQLException {
        return new Resumed(
                list(Parameters.texts(row, "outcomes")),
                new Outcome(Set.of(), List.of(), set(Parameters.texts(row, "woken_queues")), false, Optional.empty()));
    }

    private static RuleRow ruleRow(ResultSet row) throws SQLException {
        return new RuleRow(
                row.getString("scope"),
                row.getString("name"),
                at(row),
                Optional.ofNullable(row.getString("actor")),
                Optional.ofNullable(row.getString("reason")));
    }

    private static RuleChangeRow ruleChangeRow(ResultSet row) throws SQLException {
        return new RuleChangeRow(
                at(row),
                row.getString("rule"),
                row.getString("change"),
                atOnce(row),
                Optional.ofNullable(row.getString("actor")),
                Optional.ofNullable(row.getString("reason")));
    }

    private static Instant at(ResultSet row) throws SQLException {
        return Objects.requireNonNull(row.getObject("at", OffsetDateTime.class)).toInstant();
    }

    private static OptionalInt atOnce(ResultSet row) throws SQLException {
        @Nullable Integer limit = row.getObject("at_once", Integer.class);
        return limit == null ? OptionalInt.empty() : OptionalInt.of(limit);
    }

    private static <T> List<T> all(PreparedStatement statement, OnRow<T> read) throws SQLException {
        var found = new ArrayList<T>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                found.add(read.from(rows));
            }
        }
        return found;
    }

    /** What is made of a row. */
    private interface OnRow<T> {
        T from(ResultSet row) throws SQLException;
    }
}
