package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Span;
import java.util.List;

/** How fast work is stored, while nobody works on it. */
final class Starts implements Workload {

    static final Metric STARTS = Metric.rate("starts/s");
    private static final int THREADS = 8;

    @Override
    public String name() {
        return "starts";
    }

    @Override
    public String title() {
        return "runs of one step, stored";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(10_000);
        return List.of(
                Variant.of(
                        "one by one, " + THREADS + " threads",
                        Work.ONE_STEP,
                        crew -> measured(crew, crew.starts(size, THREADS), size, sizes)),
                Variant.of(
                        "in bulk",
                        Work.ONE_STEP,
                        crew -> measured(crew, crew.enqueue(Work.ONE_STEP, size, sizes.payload()), size, sizes)));
    }

    /** What was stored is worked on before the next round, so that all rounds begin alike and the end can be checked. */
    private static Figures measured(Crew crew, Span span, int size, Sizes sizes) {
        crew.work(sizes.workers());
        crew.finish(size);
        crew.rest();
        return new Figures().put(STARTS, span.rate(size));
    }
}
