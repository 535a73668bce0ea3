package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Span;
import java.sql.SQLException;
import java.util.Map;

/** The ceiling of claims and reports of tasks. */
final class CeilingOfTasks {

    private static final String CLAIM_AND_COMPLETE = """
            select coalesce(array_agg(c.run_id), '{}') as runs, coalesce(array_agg(c.step), '{}') as steps,
                   coalesce(array_agg(c.item), '{}') as items, coalesce(array_agg(c.fence), '{}') as fences
            from pgflow.claim_tasks(:worker, 'default', :batch) c \\gset
            select r.stale
            from pgflow.complete_tasks(
                :worker, :runs::uuid[], :steps::smallint[], :items::int[], :fences::int[],
                array_fill('1'::jsonb, array[cardinality(:steps::smallint[])])) r;
            """;

    private CeilingOfTasks() {}

    static Workload workload() {
        return new Ceiling(
                "ceiling",
                "one-step runs worked on",
                "claim_tasks and complete_tasks",
                CeilingOfTasks::byJava,
                CeilingOfTasks::bySql);
    }

    private static Figures byJava(Crew crew, int size, Sizes sizes) throws SQLException {
        Drain drain = Drain.of(Work.ONE_STEP, size, sizes);
        double rate = drain.measure(crew).value(Drain.RUNS);
        return new Figures().put(Drain.TASKS, rate);
    }

    private static Figures bySql(Crew crew, int calls, int batch, Sizes sizes) throws Exception {
        int tasks = Ceiling.amount(calls, batch);
        crew.enqueue(Work.ONE_STEP, tasks, sizes.payload());
        try (var worker = new SqlWorker(crew.database())) {
            Map<String, String> variables = Map.of("worker", "" + worker.id(), "batch", "" + batch);
            Span span = Ceiling.drive(
                    crew, CLAIM_AND_COMPLETE, variables, calls, () -> ClaimLoop.drain(crew.database(), batch));
            return new Figures().put(Drain.TASKS, span.rate(tasks - finish(crew, worker, sizes)));
        }
    }

    /**
     * Claims pass over what another transaction has locked, so a few tasks may be left for the next round to stumble over. Java works on
     * them; returns how many they were.
     */
    static int finish(Crew crew, SqlWorker worker, Sizes sizes) throws SQLException {
        int left = worker.waiting();
        if (left > 0) {
            crew.work(sizes.workers());
            crew.finish(left);
            crew.rest();
        }
        return left;
    }
}
