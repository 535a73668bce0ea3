package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.DatabaseServer;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Span;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;

/** The ceiling of starts of runs. */
final class CeilingOfStarts {

    private static final String START = """
            select r.created
            from pgflow.start_runs(
                array(select pgflow._time_ordered_id() from generate_series(1, :batch::int)),
                array_fill(:workflow::bigint, array[:batch::int]),
                array_fill('{"stamp": 0, "items": 0, "text": "TEXT"}'::jsonb, array[:batch::int]),
                array_fill(null::text, array[:batch::int]), array_fill(null::jsonb, array[:batch::int]),
                array_fill(null::interval, array[:batch::int]), array_fill(null::smallint, array[:batch::int]), null) r;
            """;

    private CeilingOfStarts() {}

    static Workload workload() {
        return new Ceiling(
                "ceiling-starts",
                "one-step runs stored in bulk",
                "start_runs",
                CeilingOfStarts::byJava,
                CeilingOfStarts::bySql);
    }

    private static Figures byJava(Crew crew, int size, Sizes sizes) {
        Span span = crew.enqueue(Work.ONE_STEP, size, sizes.payload());
        return new Figures().put(Starts.STARTS, span.rate(size));
    }

    private static Figures bySql(Crew crew, int calls, int batch, Sizes sizes) throws Exception {
        String script = START.replace("TEXT", "x".repeat(sizes.payload()));
        try (var worker = new SqlWorker(crew.database())) {
            String workflow = "" + worker.workflow("one_step");
            Map<String, String> variables = Map.of("workflow", workflow, "batch", "" + batch);
            String sql = script.replace(":workflow", workflow).replace(":batch", "" + batch);
            Span span = Ceiling.drive(crew, script, variables, calls, () -> loop(crew.database(), sql, calls));
            return new Figures().put(Starts.STARTS, span.rate(Ceiling.amount(calls, batch)));
        }
    }

    private static int loop(ContenderDatabase database, String sql, int calls) throws SQLException {
        try (Connection connection = DatabaseServer.connect(database);
                PreparedStatement start = connection.prepareStatement(sql)) {
            for (int i = 0; i < calls; i++) {
                start.execute();
            }
            return calls;
        }
    }
}
