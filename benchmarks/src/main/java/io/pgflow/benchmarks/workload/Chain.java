package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import java.util.List;

/** Steps that wait for each other, one after the other. */
final class Chain implements Workload {

    @Override
    public String name() {
        return "chain";
    }

    @Override
    public String title() {
        return "runs of ten steps, each after the one before";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(1_000);
        return List.of(Variant.of(size + " runs", Work.CHAIN, Drain.of(Work.CHAIN, size, sizes)::measure));
    }
}
