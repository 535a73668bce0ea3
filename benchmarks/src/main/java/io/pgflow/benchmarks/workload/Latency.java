package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Crew.Handlers;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import java.util.List;
import java.util.stream.IntStream;

/** How long a thing takes when there is nothing else to do. */
final class Latency implements Workload {

    private static final Metric MIDDLE = Metric.cost("p50 ms");
    private static final Metric SLOWEST = Metric.cost("p99 ms");
    private static final int PAUSE_MICROS = 20_000;
    private static final int CHAINS = 20;

    /** Each waits for its turn, so more would take minutes. */
    private static final int MOST_RUNS = 200;

    @Override
    public String name() {
        return "latency";
    }

    @Override
    public String title() {
        return "one at a time, on engines that have nothing else to do";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        int runs = Math.min(MOST_RUNS, sizes.sizeOr(MOST_RUNS));
        int workers = sizes.workers();
        return List.of(
                Variant.of("start to handler, another JVM", Work.ONE_STEP, crew -> toHandler(crew, runs, workers, 1))
                        .processes(2),
                Variant.of("start to handler, same JVM", Work.ONE_STEP, crew -> toHandler(crew, runs, workers, 0)),
                Variant.of("start to done, same JVM", Work.ONE_STEP, crew -> toDone(crew, runs, workers)),
                Variant.of("step to next step", Work.CHAIN, crew -> stepToStep(crew, workers)));
    }

    private static Figures toHandler(Crew crew, int runs, int workers, int resting) {
        crew.work(workers, new Handlers(0, false), resting);
        crew.finish(crew.paced(runs, PAUSE_MICROS));
        long[] latencies = crew.latencies();
        crew.rest();
        return figures(latencies);
    }

    private static Figures toDone(Crew crew, int runs, int workers) {
        crew.work(workers);
        long[] latencies = crew.awaited(runs, PAUSE_MICROS / 2);
        crew.rest();
        return figures(latencies);
    }

    private static Figures stepToStep(Crew crew, int workers) {
        crew.work(workers, new Handlers(0, true), 0);
        int steps = Work.CHAIN.steps();
        for (int chain = 1; chain <= CHAINS; chain++) {
            crew.enqueue(Work.CHAIN, 1, 0);
            crew.finish(chain * steps);
        }
        long[] times = crew.times();
        crew.rest();
        return figures(IntStream.range(1, times.length)
                .filter(call -> call % steps != 0)
                .mapToLong(call -> times[call] - times[call - 1])
                .toArray());
    }

    private static Figures figures(long[] nanos) {
        return new Figures()
                .put(MIDDLE, Figures.percentile(nanos, 0.5) / 1e6)
                .put(SLOWEST, Figures.percentile(nanos, 0.99) / 1e6);
    }
}
