package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.set;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** start_once. */
final class OnceCall {

    static final String SQL = """
        select s.run_id, s.outcome, s.woken_queues, s.to_settle,
            (extract(epoch from s.next_due_in) * 1000)::bigint as due_in_ms
        from pgflow.start_once(
            ?::uuid, ?, ?::jsonb, ?::jsonb, ?::smallint, ?, ?, ?, ?::interval, ?::interval) s
        """;

    private OnceCall() {}

    static OnceAnswer send(
            PreparedStatement statement,
            StartRequest request,
            String how,
            String key,
            Duration period,
            Duration maxWait,
            @Nullable String actor)
            throws SQLException {
        new Parameters(statement)
                .text(request.runId().toString())
                .number(request.workflowId())
                .text(request.input())
                .text(request.labels().orElse(null))
                .number(request.priority())
                .text(actor)
                .text(how)
                .text(key)
                .text(period.toString())
                .text(maxWait.toString());
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            Optional<Duration> dueIn = Optional.ofNullable(row.getObject("due_in_ms", Long.class))
                    .map(millis -> Duration.ofMillis(Math.max(millis, 0)));
            return new OnceAnswer(
                    Objects.requireNonNull(row.getObject("run_id", UUID.class)),
                    row.getString("outcome"),
                    new Outcome(
                            Set.of(),
                            List.of(),
                            set(Parameters.texts(row, "woken_queues")),
                            row.getBoolean("to_settle"),
                            dueIn));
        }
    }
}
