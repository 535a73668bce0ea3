package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.set;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** start_runs. Plain JDBC; see {@link Calls#prepared}. */
final class StartCall {

    private static final String SQL = """
            select s.run_ids, s.created, s.woken_queues, s.to_settle
            from pgflow.start_runs(?, ?, ?, ?, ?, ?, ?, ?) s
            """;

    /**
     * The commit tells others, too: one statement, and so one transaction without a round trip more. Not when nothing was
     * created: such a call writes nothing, and shall not begin to.
     */
    private static final String TELLING_SQL = """
            select s.run_ids, s.created, s.woken_queues, s.to_settle,
                (select count(*)
                 from (select 'pgflow_tasks', q.queue
                       from unnest(s.woken_queues) q (queue)
                       union all
                       select 'pgflow_events', '') hint (channel, payload)
                 cross join lateral pg_catalog.pg_notify(hint.channel, hint.payload || m.mark)
                 where true = any (s.created)) as told
            from pgflow.start_runs(?, ?, ?, ?, ?, ?, ?, ?) s
            cross join (select ?::text) m (mark)
            """;

    private static final int NORMAL = 2;

    /** What the function with deadlines has more. */
    private static final String STARTS = "pgflow.start_runs(?, ?, ?, ?, ?, ?, ?, ?)";

    private static final String STARTS_UNTIL = "pgflow.start_runs_until(?, ?, ?, ?, ?, ?, ?, ?, ?)";
    private static final String UNTIL_SQL = SQL.replace(STARTS, STARTS_UNTIL);
    private static final String TELLING_UNTIL_SQL = TELLING_SQL.replace(STARTS, STARTS_UNTIL);

    private StartCall() {}

    static String sql(List<StartRequest> requests, @Nullable String mark) {
        if (haveDeadlines(requests)) {
            return mark == null ? UNTIL_SQL : TELLING_UNTIL_SQL;
        }
        return mark == null ? SQL : TELLING_SQL;
    }

    private static boolean haveDeadlines(List<StartRequest> requests) {
        return requests.stream().anyMatch(request -> request.deadline().isPresent());
    }

    static Started send(
            PreparedStatement statement, List<StartRequest> requests, @Nullable String actor, @Nullable String mark)
            throws SQLException {
        Parameters parameters = new Parameters(statement)
                .array("uuid", Columns.of(requests, StartRequest::runId, UUID[]::new))
                .array("int8", Columns.of(requests, StartRequest::workflowId, Long[]::new))
                .array("jsonb", Columns.of(requests, StartRequest::input, String[]::new))
                .arrayUnlessEmpty(
                        "text",
                        Columns.of(requests, request -> request.idempotencyKey().orElse(null), String[]::new))
                .arrayUnlessEmpty(
                        "jsonb",
                        Columns.of(requests, request -> request.labels().orElse(null), String[]::new))
                .arrayUnlessEmpty("interval", Columns.of(requests, request -> interval(request.delay()), String[]::new))
                .arrayUnlessEmpty("int2", Columns.of(requests, StartCall::priority, Short[]::new))
                .text(actor);
        if (haveDeadlines(requests)) {
            parameters.array("interval", Columns.of(requests, request -> interval(request.deadline()), String[]::new));
        }
        if (mark != null) {
            parameters.text(mark);
        }
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return new Started(
                    list(Parameters.uuids(row, "run_ids")),
                    list(Parameters.booleans(row, "created")),
                    set(Parameters.texts(row, "woken_queues")),
                    row.getBoolean("to_settle"),
                    mark != null);
        }
    }

    /** Null for the one that is taken anyway. */
    private static @Nullable Short priority(StartRequest request) {
        return request.priority() == NORMAL ? null : (short) request.priority();
    }

    /** PostgreSQL reads the ISO form that a duration writes. */
    private static @Nullable String interval(Optional<Duration> duration) {
        return duration.map(Duration::toString).orElse(null);
    }
}
