package io.pgflow.internal.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** signal_run, on a connection of the engine or of the caller. */
final class SignalCall {

    static final String SQL = """
            select s.outcome, s.to_settle
            from pgflow.signal_run(?::uuid, ?, ?::jsonb, ?, ?) s
            """;

    private SignalCall() {}

    static SentSignal.Answer send(PreparedStatement statement, SentSignal signal) throws SQLException {
        new Parameters(statement)
                .text(signal.runId().toString())
                .text(signal.name())
                .text(signal.payload())
                .text(signal.id())
                .text(signal.actor().orElse(null));
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return new SentSignal.Answer(row.getString("outcome"), row.getBoolean("to_settle"));
        }
    }
}
