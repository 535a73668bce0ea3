package io.pgflow.benchmarks.harness;

/** From then to then, in nanoseconds of {@link System#nanoTime}. */
public record Span(long began, long ended) {

    public double seconds() {
        return (ended - began) / 1e9;
    }

    /** So many in this time: how many a second? */
    public double rate(double count) {
        return count / seconds();
    }
}
