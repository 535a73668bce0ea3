package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import java.sql.SQLException;
import java.util.List;

/** What the hints cost that make others look at once. */
final class Notify implements Workload {

    private static final Metric ONE_STEP = Metric.rate("one-step runs/s");
    private static final Metric CHAIN = Metric.rate("chains/s");
    private static final Metric STARTS = Metric.rate("starts/s, one by one");

    /** A step of a chain is a run's work of ten, so there are fewer of them. */
    private static final int RUNS_PER_CHAIN = 20;

    private static final int THREADS = 8;

    @Override
    public String name() {
        return "notify";
    }

    @Override
    public String title() {
        return "with NOTIFY and without, two JVMs";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        return List.of(variant("off", "false", sizes), variant("on", "true", sizes));
    }

    private static Variant variant(String label, String value, Sizes sizes) {
        return Variant.of("NOTIFY " + label, Work.CHAIN, crew -> measure(crew, sizes))
                .forOurs()
                .processes(2)
                .environment("PGFLOW_NOTIFICATIONS", value);
    }

    private static Figures measure(Crew crew, Sizes sizes) throws SQLException {
        int size = sizes.sizeOr(20_000);
        int chains = Math.max(1, size / RUNS_PER_CHAIN);
        double oneStep = Drain.of(Work.ONE_STEP, size, sizes).measure(crew).value(Drain.RUNS);
        double chain = Drain.of(Work.CHAIN, chains, sizes).measure(crew).value(Drain.RUNS);
        crew.work(sizes.workers());
        double starts = crew.starts(size / 2, THREADS).rate(size / 2.0);
        crew.finish(size / 2);
        crew.rest();
        return new Figures().put(ONE_STEP, oneStep).put(CHAIN, chain).put(STARTS, starts);
    }
}
