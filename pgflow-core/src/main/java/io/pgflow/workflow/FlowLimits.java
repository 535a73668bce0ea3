package io.pgflow.workflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How much of a step may happen? A task needs room in every one of these.
 *
 * @param concurrency how many at once
 * @param rate how many in a time
 * @param fairBy among whose tasks turns go round; without it, among the values of {@code by} of the limits
 */
public record FlowLimits(List<Concurrency> concurrency, List<Rate> rate, Optional<Part> fairBy) {

    /** As many as workers can. */
    public static final FlowLimits NONE = new FlowLimits(List.of(), List.of(), Optional.empty());

    public FlowLimits {
        concurrency = List.copyOf(concurrency);
        rate = List.copyOf(rate);
    }

    public boolean isNone() {
        return concurrency.isEmpty() && rate.isEmpty() && fairBy.isEmpty();
    }

    /** Whether room comes back when an attempt begins, not only when it ends. */
    public boolean countsBegins() {
        return !rate.isEmpty() || (fairBy.isPresent() && concurrency.isEmpty());
    }

    public FlowLimits with(Concurrency one) {
        var all = new ArrayList<>(concurrency);
        all.add(one);
        return new FlowLimits(all, rate, fairBy);
    }

    public FlowLimits with(Rate one) {
        var all = new ArrayList<>(rate);
        all.add(one);
        return new FlowLimits(concurrency, all, fairBy);
    }

    public FlowLimits withFairBy(Part part) {
        return new FlowLimits(concurrency, rate, Optional.of(part));
    }
}
