package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.ContenderDatabase;
import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.DatabaseServer;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Pgbench;
import io.pgflow.benchmarks.harness.Span;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the engine's own functions can do at most: starts of runs, driven without Java. */
final class CeilingOfStarts implements Workload {

    private static final int CONNECTIONS = 4;
    private static final int MOST_CALLS = 1_000;

    private static final String START = """
            select r.created
            from pgflow.start_runs(
                array(select pgflow._time_ordered_id() from generate_series(1, :batch::int)),
                array_fill(:workflow::bigint, array[:batch::int]),
                array_fill('{"stamp": 0, "items": 0, "text": "TEXT"}'::jsonb, array[:batch::int]),
                array_fill(null::text, array[:batch::int]), array_fill(null::jsonb, array[:batch::int]),
                array_fill(null::interval, array[:batch::int]), array_fill(null::smallint, array[:batch::int]), null) r;
            """;

    @Override
    public String name() {
        return "ceiling-starts";
    }

    @Override
    public String title() {
        return "one-step runs stored in bulk by pgflow-java, and by "
                + Pgbench.find().map(found -> "pgbench").orElse("a JDBC loop (there is no pgbench here)")
                + " calling start_runs on " + CONNECTIONS + " connections";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(20_000);
        var variants = new ArrayList<Variant>();
        variants.add(Variant.of(
                "pgflow-java",
                Work.ONE_STEP,
                crew -> new Figures()
                        .put(
                                Starts.STARTS,
                                crew.enqueue(Work.ONE_STEP, size, sizes.payload())
                                        .rate(size))));
        for (int batch : sizes.batches()) {
            variants.add(Variant.of("SQL, batch " + batch, Work.ONE_STEP, crew -> bySql(crew, size, batch, sizes)));
        }
        return variants.stream().map(Variant::forOurs).toList();
    }

    private static Figures bySql(Crew crew, int size, int batch, Sizes sizes) throws Exception {
        int calls = Math.max(1, Math.min(MOST_CALLS, size / CONNECTIONS / batch));
        String script = START.replace("TEXT", "x".repeat(sizes.payload()));
        Optional<Pgbench> pgbench = Pgbench.find();
        try (var worker = new SqlWorker(crew.database())) {
            String workflow = "" + worker.workflow("one_step");
            Map<String, String> variables = Map.of("workflow", workflow, "batch", "" + batch);
            Span span = pgbench.isPresent()
                    ? pgbench.get().run(crew.database(), script, variables, CONNECTIONS, calls)
                    : Parallel.run(
                            CONNECTIONS,
                            () -> loop(
                                    crew.database(),
                                    script.replace(":workflow", workflow).replace(":batch", "" + batch),
                                    calls));
            return new Figures().put(Starts.STARTS, span.rate((double) calls * CONNECTIONS * batch));
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
