package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Crew.Handlers;
import io.pgflow.benchmarks.harness.Figures;
import java.util.List;

/** Handlers that fail: what is tried again, after a tenth of a second and longer, comes beside what goes well. */
final class Retries implements Workload {

    @Override
    public String name() {
        return "retries";
    }

    @Override
    public String title() {
        return "one-step runs of which no attempt fails, or each tenth; to the end of the last retry";
    }

    @Override
    public boolean comparesVariants() {
        return true;
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int size = sizes.sizeOr(20_000);
        return List.of(
                Variant.of("none fails", Work.ONE_STEP, crew -> measure(crew, size, 0, sizes))
                        .forOurs(),
                Variant.of("10 % fail", Work.ONE_STEP, crew -> measure(crew, size, 10, sizes))
                        .forOurs());
    }

    private static Figures measure(Crew crew, int size, int failOneIn, Sizes sizes) {
        crew.enqueue(Work.ONE_STEP, size, sizes.payload());
        return Drain.of(Work.ONE_STEP, size, sizes).measureStored(crew, new Handlers(failOneIn, false));
    }
}
