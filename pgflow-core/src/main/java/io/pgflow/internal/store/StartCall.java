package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.set;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** start_runs. Plain JDBC; see {@link Calls#prepared}. */
final class StartCall {

    static final String SQL = """
            select s.run_ids, s.created, s.woken_queues, s.maps_to_fold
            from pgflow.start_runs(?, ?, ?, ?, ?, ?, ?, ?) s
            """;

    private static final int NORMAL = 2;

    private StartCall() {}

    static Started send(PreparedStatement statement, List<StartRequest> requests, @Nullable String actor)
            throws SQLException {
        new Parameters(statement)
                .array("uuid", Columns.of(requests, StartRequest::runId, UUID[]::new))
                .array("int8", Columns.of(requests, StartRequest::workflowId, Long[]::new))
                .array("jsonb", Columns.of(requests, StartRequest::input, String[]::new))
                .arrayUnlessEmpty(
                        "text",
                        Columns.of(requests, request -> request.idempotencyKey().orElse(null), String[]::new))
                .arrayUnlessEmpty(
                        "jsonb",
                        Columns.of(requests, request -> request.labels().orElse(null), String[]::new))
                .arrayUnlessEmpty("interval", Columns.of(requests, StartCall::interval, String[]::new))
                .arrayUnlessEmpty("int2", Columns.of(requests, StartCall::priority, Short[]::new))
                .text(actor);
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return new Started(
                    list(Parameters.uuids(row, "run_ids")),
                    list(Parameters.booleans(row, "created")),
                    set(Parameters.texts(row, "woken_queues")),
                    row.getBoolean("maps_to_fold"));
        }
    }

    /** Null for the one that is taken anyway. */
    private static @Nullable Short priority(StartRequest request) {
        return request.priority() == NORMAL ? null : (short) request.priority();
    }

    /** PostgreSQL reads the ISO form that a duration writes. */
    private static @Nullable String interval(StartRequest request) {
        return request.delay().map(Duration::toString).orElse(null);
    }
}
