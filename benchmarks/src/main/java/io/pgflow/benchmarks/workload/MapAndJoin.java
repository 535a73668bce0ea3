package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Crew.Handlers;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Span;
import java.util.List;

/** A map, wide and wider: the time for an item should not depend on how many there are. */
final class MapAndJoin implements Workload {

    private static final Metric SECONDS = Metric.cost("seconds");
    private static final Metric ITEM = Metric.cost("us/item");

    /** A narrow map is over before a clock can tell; so many items are worked on in one round, in maps one after the other. */
    private static final int LEAST_ITEMS = 500;

    @Override
    public String name() {
        return "map";
    }

    @Override
    public String title() {
        return "one run: a step gives a list, a task for each of its items, a step joins them";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        return sizes.items().stream()
                .map(items -> Variant.of(items + " items", Work.MAP, crew -> measure(crew, items, sizes)))
                .toList();
    }

    private static Figures measure(Crew crew, int items, Sizes sizes) {
        int maps = Math.max(1, LEAST_ITEMS / items);
        double seconds = 0;
        for (int i = 0; i < maps; i++) {
            crew.enqueue(Work.MAP, items, sizes.payload());
            crew.work(sizes.workers(), new Handlers(0, false), 0);
            Span span = crew.finish(items + 2);
            crew.rest();
            seconds += span.seconds() / maps;
        }
        return new Figures().put(SECONDS, seconds).put(ITEM, seconds / items * 1e6);
    }
}
