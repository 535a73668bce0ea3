package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import java.util.List;

/** The smallest run there is. */
final class OneStep implements Workload {

    @Override
    public String name() {
        return "one-step";
    }

    @Override
    public String title() {
        return "runs of one step, stored while nobody works, then worked on to the end";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(20_000);
        return List.of(Variant.of(size + " runs", Work.ONE_STEP, Drain.of(Work.ONE_STEP, size, sizes)::measure));
    }
}
