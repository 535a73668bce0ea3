package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.benchmarks.harness.DatabaseServer;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.stream.LongStream;

/** Claims and reports through one plain connection, to see each call by itself. */
final class ClaimLoop {

    private static final String CLAIM = """
            select array_agg(c.run_id), array_agg(c.step), array_agg(c.item), array_agg(c.fence)
            from pgflow.claim_tasks(?, 'default', ?) c
            """;

    private static final String COMPLETE = """
            select r.stale
            from pgflow.complete_tasks(?, ?, ?, ?, ?, array_fill('1'::jsonb, array[cardinality(?::int[])])) r
            """;

    private ClaimLoop() {}

    /** Works on everything that waits; how long each claim that got something took, in nanoseconds. */
    static long[] drain(ContenderDatabase database, int batch) throws SQLException {
        var claims = LongStream.builder();
        try (var worker = new SqlWorker(database);
                Connection connection = DatabaseServer.connect(database);
                PreparedStatement claim = connection.prepareStatement(CLAIM);
                PreparedStatement complete = connection.prepareStatement(COMPLETE)) {
            claim.setLong(1, worker.id());
            claim.setInt(2, batch);
            complete.setLong(1, worker.id());
            while (true) {
                long began = System.nanoTime();
                try (ResultSet claimed = claim.executeQuery()) {
                    long nanos = System.nanoTime() - began;
                    claimed.next();
                    if (claimed.getArray(1) == null) {
                        return claims.build().toArray();
                    }
                    claims.add(nanos);
                    report(claimed, complete);
                }
            }
        }
    }

    private static void report(ResultSet claimed, PreparedStatement complete) throws SQLException {
        for (int column = 1; column <= 4; column++) {
            Array values = claimed.getArray(column);
            complete.setArray(column + 1, values);
        }
        complete.setArray(6, claimed.getArray(4));
        complete.executeQuery().close();
    }
}
