package io.pgflow.internal.store;

import java.sql.ResultSet;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The function that removes old runs. */
final class RetentionCalls implements RetentionStore {

    private static final String PRUNE_DUE = """
            select p.pruned, ceil(extract(epoch from p.next_in) * 1000)::bigint as next_ms
            from pgflow.prune_due(?, ?::interval[], ?, ?::interval) p
            """;

    private final Calls calls;

    RetentionCalls(Calls calls) {
        this.calls = calls;
    }

    @Override
    public Pruned pruneDue(Map<String, Duration> ages, int limit, Duration pause) {
        List<String> states = List.copyOf(ages.keySet());
        return calls.prepared("remove old runs", PRUNE_DUE, statement -> {
            new Parameters(statement)
                    .array("text", states.toArray(String[]::new))
                    .array("text", Columns.of(states, state -> String.valueOf(ages.get(state)), String[]::new))
                    .number(limit)
                    .text(pause.toString());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Pruned(row.getInt("pruned"), Duration.ofMillis(row.getLong("next_ms")));
            }
        });
    }
}
