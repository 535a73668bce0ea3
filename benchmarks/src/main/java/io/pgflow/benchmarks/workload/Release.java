package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Crew.Handlers;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Span;
import java.util.List;

/** A little of everything beside plain SQL, in less than two minutes. The sizes are part of what the bounds mean, so they are fixed. */
final class Release implements Workload {

    private static final int HISTORY = 100_000;
    private static final int RUNS = 8_000;
    private static final int CHAINS = 400;
    private static final int NARROW = 100;
    private static final int NARROW_MAPS = 5;
    private static final int WIDE = 10_000;
    private static final int BATCH = 100;
    private static final int CONNECTIONS = 4;

    @Override
    public String name() {
        return "check";
    }

    @Override
    public String title() {
        return "a little of each workload, beside plain SQL that stores, changes and deletes rows";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        return List.of(
                Variant.of("no history", Work.MAP, crew -> all(crew, sizes)).forOurs(),
                Variant.of("100,000 finished", Work.ONE_STEP, crew -> beside(crew, sizes))
                        .forOurs()
                        .preparedBy(crew -> History.prepare(crew, HISTORY, sizes)));
    }

    private static Figures all(Crew crew, Sizes sizes) throws Exception {
        Figures figures = beside(crew, sizes);
        double chains = Drain.of(Work.CHAIN, CHAINS, sizes).measure(crew).value(Drain.RUNS);
        double starts = crew.enqueue(Work.ONE_STEP, RUNS, sizes.payload()).rate(RUNS);
        return figures.put(Metric.rate("chains/s"), chains)
                .put(Metric.rate("starts/s in bulk"), starts)
                .put(Metric.rate("tasks/s of SQL alone"), sql(crew, sizes))
                .put(Metric.rate("items/s of maps of 100"), items(crew, NARROW, NARROW_MAPS, sizes))
                .put(Metric.rate("items/s of a map of 10,000"), items(crew, WIDE, 1, sizes));
    }

    private static Figures beside(Crew crew, Sizes sizes) throws Exception {
        return new Figures()
                .put(Metric.rate("rows/s of plain SQL"), PlainSql.rate(crew.database()))
                .put(
                        Metric.rate("one-step runs/s"),
                        Drain.of(Work.ONE_STEP, RUNS, sizes).measure(crew).value(Drain.RUNS));
    }

    /** The tasks that were just stored in bulk, claimed and reported without the engine's Java. */
    private static double sql(Crew crew, Sizes sizes) throws Exception {
        try (var worker = new SqlWorker(crew.database())) {
            Span span = Parallel.run(CONNECTIONS, () -> ClaimLoop.drain(crew.database(), BATCH));
            return span.rate(RUNS - CeilingOfTasks.finish(crew, worker, sizes));
        }
    }

    private static double items(Crew crew, int items, int maps, Sizes sizes) {
        double seconds = 0;
        for (int i = 0; i < maps; i++) {
            crew.enqueue(Work.MAP, items, sizes.payload());
            crew.work(sizes.workers(), new Handlers(0, false), 0);
            seconds += crew.finish(items + 2).seconds();
            crew.rest();
        }
        return items * maps / seconds;
    }
}
