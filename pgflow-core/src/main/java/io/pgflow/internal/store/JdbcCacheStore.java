package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.positions;
import static io.pgflow.internal.store.Columns.set;
import static io.pgflow.internal.store.Parameters.integers;
import static io.pgflow.internal.store.Parameters.texts;
import static io.pgflow.internal.store.Parameters.uuids;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Plain JDBC, since a worker asks with each claim of tasks that may be cached; see {@link Calls#prepared}. */
final class JdbcCacheStore implements CacheStore {

    private static final String REUSE = "select c.* from pgflow.reuse_outputs(?, ?, ?, ?, ?, ?, ?) c";
    private static final String KEEP = "select pgflow.cache_outputs(?, ?, ?, ?, ?, ?, ?::interval[])";
    private static final String INVALIDATE = "select pgflow.invalidate_outputs(?, ?::jsonb)";
    private static final String PRUNE = "select pgflow.prune_cached_outputs()";

    private final Calls calls;

    JdbcCacheStore(Calls calls) {
        this.calls = calls;
    }

    @Override
    public Reused reuse(long workerId, List<CachedTask> tasks) {
        return calls.prepared("look for cached outputs", REUSE, statement -> {
            keyed(new Parameters(statement).number(workerId), tasks);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Reused(
                        positions(integers(row, "reused")),
                        new Outcome(
                                Set.of(),
                                list(uuids(row, "ended_run_ids")),
                                set(texts(row, "woken_queues")),
                                row.getBoolean("to_settle"),
                                Optional.empty()));
            }
        });
    }

    @Override
    public void keep(List<CachedTask> tasks) {
        calls.prepared("cache outputs", KEEP, statement -> {
            keyed(new Parameters(statement), tasks)
                    .array("text", Columns.of(tasks, task -> task.keep().toMillis() + " milliseconds", String[]::new));
            return statement.execute();
        });
    }

    @Override
    public int invalidate(String cache, Optional<String> key) {
        return calls.repeatable("invalidate cached outputs", INVALIDATE, statement -> {
            new Parameters(statement).text(cache).text(key.orElse(null));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        });
    }

    @Override
    public boolean prune() {
        return calls.prepared("forget expired outputs", PRUNE, statement -> {
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        });
    }

    private static Parameters keyed(Parameters parameters, List<CachedTask> tasks) throws SQLException {
        return parameters
                .tasks(tasks.stream().map(CachedTask::task).toList())
                .array("text", Columns.of(tasks, CachedTask::cache, String[]::new))
                .array("jsonb", Columns.of(tasks, CachedTask::key, String[]::new));
    }
}
