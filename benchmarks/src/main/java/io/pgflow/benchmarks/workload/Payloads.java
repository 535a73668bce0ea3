package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import java.util.List;

/** Inputs, small and large. */
final class Payloads implements Workload {

    /** Of inputs in a round; more would measure the disk. */
    private static final int MOST_BYTES = 128 << 20;

    @Override
    public String name() {
        return "payload";
    }

    @Override
    public String title() {
        return "one-step runs with inputs of several sizes";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        return sizes.payloads().stream().map(bytes -> variant(sizes, bytes)).toList();
    }

    private static Variant variant(Sizes sizes, int bytes) {
        int size = Math.max(1, Math.min(sizes.sizeOr(20_000), MOST_BYTES / Math.max(1, bytes)));
        var drain = new Drain(Work.ONE_STEP, size, bytes, sizes.workers());
        return Variant.of(size + " of " + bytes + " bytes", Work.ONE_STEP, drain::measure);
    }
}
