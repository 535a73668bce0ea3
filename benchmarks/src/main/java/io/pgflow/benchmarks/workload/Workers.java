package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import java.util.List;

/** More handlers at once in one process: what gathers while a call is on the way makes the next call larger. */
final class Workers implements Workload {

    /** Below, each task waits for commits of its own, and so many runs would take minutes. */
    private static final int MANY = 20;

    private static final int RUNS_OF_FEW = 4_000;

    @Override
    public String name() {
        return "workers";
    }

    @Override
    public String title() {
        return "one-step runs, worked on by several numbers of handlers at once in one JVM";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        return sizes.concurrency().stream()
                .map(workers -> variant(sizes, workers))
                .toList();
    }

    private static Variant variant(Sizes sizes, int workers) {
        int size = sizes.sizeOr(workers < MANY ? RUNS_OF_FEW : 20_000);
        var drain = new Drain(Work.ONE_STEP, size, sizes.payload(), workers);
        return Variant.of(workers + " at once", Work.ONE_STEP, drain::measure);
    }
}
