package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import java.util.List;

/** Several processes on one database, and on one machine: do they stand in each other's way? */
final class Jvms implements Workload {

    @Override
    public String name() {
        return "jvms";
    }

    @Override
    public String title() {
        return "one-step runs, worked on by several JVMs on this one machine";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(20_000);
        return sizes.jvms().stream()
                .map(jvms -> Variant.of(
                                jvms + (jvms == 1 ? " JVM" : " JVMs"),
                                Work.ONE_STEP,
                                Drain.of(Work.ONE_STEP, size, sizes)::measure)
                        .processes(jvms))
                .toList();
    }
}
