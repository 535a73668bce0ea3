package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Pgbench;
import io.pgflow.benchmarks.harness.Span;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the engine's own functions can do at most: claims and reports of tasks, driven without Java. */
final class Ceiling implements Workload {

    private static final int CONNECTIONS = 4;

    /** With small batches, so many calls on each connection are enough to tell. */
    private static final int MOST_CALLS = 1_000;

    private static final String CLAIM_AND_COMPLETE = """
            select coalesce(array_agg(c.run_id), '{}') as runs, coalesce(array_agg(c.step), '{}') as steps,
                   coalesce(array_agg(c.item), '{}') as items, coalesce(array_agg(c.fence), '{}') as fences
            from pgflow.claim_tasks(:worker, 'default', :batch) c \\gset
            select r.stale
            from pgflow.complete_tasks(
                :worker, :runs::uuid[], :steps::smallint[], :items::int[], :fences::int[],
                array_fill('1'::jsonb, array[cardinality(:steps::smallint[])])) r;
            """;

    @Override
    public String name() {
        return "ceiling";
    }

    @Override
    public String title() {
        return "one-step runs worked on by pgflow-java, and by "
                + Pgbench.find().map(found -> "pgbench").orElse("a JDBC loop (there is no pgbench here)")
                + " calling claim_tasks and complete_tasks on " + CONNECTIONS + " connections";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(20_000);
        var variants = new ArrayList<Variant>();
        variants.add(Variant.of("pgflow-java", Work.ONE_STEP, crew -> byJava(crew, size, sizes)));
        for (int batch : sizes.batches()) {
            variants.add(Variant.of("SQL, batch " + batch, Work.ONE_STEP, crew -> bySql(crew, size, batch, sizes)));
        }
        return variants.stream().map(Variant::forOurs).toList();
    }

    private static Figures byJava(Crew crew, int size, Sizes sizes) throws SQLException {
        Drain drain = Drain.of(Work.ONE_STEP, size, sizes);
        double rate = drain.measure(crew).value(Drain.RUNS);
        return new Figures().put(Drain.TASKS, rate);
    }

    private static Figures bySql(Crew crew, int size, int batch, Sizes sizes) throws Exception {
        int calls = Math.max(1, Math.min(MOST_CALLS, size / CONNECTIONS / batch));
        int tasks = calls * CONNECTIONS * batch;
        crew.enqueue(Work.ONE_STEP, tasks, sizes.payload());
        Optional<Pgbench> pgbench = Pgbench.find();
        try (var worker = new SqlWorker(crew.database())) {
            Map<String, String> variables = Map.of("worker", "" + worker.id(), "batch", "" + batch);
            Span span = pgbench.isPresent()
                    ? pgbench.get().run(crew.database(), CLAIM_AND_COMPLETE, variables, CONNECTIONS, calls)
                    : Parallel.run(CONNECTIONS, () -> ClaimLoop.drain(crew.database(), batch));
            int left = worker.waiting();
            finish(crew, left, sizes);
            return new Figures().put(Drain.TASKS, span.rate(tasks - left));
        }
    }

    /** Claims pass over what another transaction has locked, so a few tasks may be left for the next round to stumble over. */
    private static void finish(Crew crew, int left, Sizes sizes) {
        if (left > 0) {
            crew.work(sizes.workers());
            crew.finish(left);
            crew.rest();
        }
    }
}
