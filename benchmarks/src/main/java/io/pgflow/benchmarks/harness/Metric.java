package io.pgflow.benchmarks.harness;

/**
 * What a number says.
 *
 * @param name with its unit: {@code runs/s}, {@code p50 ms}
 * @param moreIsBetter whether a larger number is the better one
 */
public record Metric(String name, boolean moreIsBetter) {

    public static Metric rate(String name) {
        return new Metric(name, true);
    }

    public static Metric cost(String name) {
        return new Metric(name, false);
    }

    /** How many times better the first value is than the second. */
    public double ratio(double value, double other) {
        return moreIsBetter ? value / other : other / value;
    }
}
