package io.pgflow.benchmarks.harness;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The numbers that one round gave, by what they say, in the order in which they were put. */
public final class Figures {

    private final Map<Metric, Double> values = new LinkedHashMap<>();

    public Figures put(Metric metric, double value) {
        values.put(metric, value);
        return this;
    }

    /** Throws {@link java.util.NoSuchElementException} when it was not put. */
    public double value(Metric metric) {
        return Optional.ofNullable(values.get(metric)).orElseThrow();
    }

    public Map<Metric, Double> values() {
        return values;
    }

    /** The middle of them; between the two in the middle when their number is even. */
    public static double median(Collection<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("nothing has no median");
        }
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The smallest value that at least this share (0 to 1) of the values do not exceed. */
    public static double percentile(long[] values, double share) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        if (sorted.length == 0) {
            throw new IllegalArgumentException("nothing has no percentile");
        }
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }
}
