package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import java.util.List;

/** A fork and its join. */
final class Diamond implements Workload {

    @Override
    public String name() {
        return "diamond";
    }

    @Override
    public String title() {
        return "runs of eight steps: one, then six beside each other, then one that joins them";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(1_000);
        return List.of(Variant.of(size + " runs", Work.DIAMOND, Drain.of(Work.DIAMOND, size, sizes)::measure));
    }
}
