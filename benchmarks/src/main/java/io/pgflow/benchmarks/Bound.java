package io.pgflow.benchmarks;

import io.pgflow.benchmarks.contender.Contenders;
import io.pgflow.benchmarks.harness.Metric;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How slow may something become, seen beside something else of the same run, before it may not be released?
 *
 * @param what for the one who reads that it is too slow
 * @param of the rate that is judged
 * @param beside the rate that it is judged by
 * @param least the first as a share of the second
 */
record Bound(String what, Figure of, Figure beside, double least) {

    private static final String EMPTY = "no history";
    private static final String LONG = "100,000 finished";
    private static final Figure PLAIN = new Figure(EMPTY, "rows/s of plain SQL");
    private static final Figure ONE_STEP = new Figure(EMPTY, "one-step runs/s");
    private static final Figure WIDE_MAP = new Figure(EMPTY, "items/s of a map of 10,000");
    private static final Figure NARROW_MAPS = new Figure(EMPTY, "items/s of maps of 100");

    record Figure(String variant, String metric) {
        Optional<Double> in(Result result) {
            return result.median(variant, Metric.rate(metric), Contenders.OURS);
        }
    }

    /**
     * About half of what was measured on 2 cores when a line was written last: the checks are for what has become twice as slow, not for a
     * machine with other cores. Who makes something faster for good raises its line. The last two are promises instead: a wide map
     * and a long history may cost something, but not twice as much.
     */
    static final List<Bound> ALL = List.of(
            new Bound("one-step runs", ONE_STEP, PLAIN, 0.10),
            new Bound("chains of ten", new Figure(EMPTY, "chains/s"), PLAIN, 0.009),
            new Bound("starts in bulk", new Figure(EMPTY, "starts/s in bulk"), PLAIN, 0.20),
            new Bound("claims and reports by SQL", new Figure(EMPTY, "tasks/s of SQL alone"), PLAIN, 0.09),
            new Bound("items of a wide map", WIDE_MAP, PLAIN, 0.09),
            new Bound("items of narrow maps", NARROW_MAPS, PLAIN, 0.02),
            new Bound("items of a map of 10,000 beside those of maps of 100", WIDE_MAP, NARROW_MAPS, 0.5),
            new Bound(
                    "one-step runs with a history beside those without",
                    new Figure(LONG, "one-step runs/s"),
                    ONE_STEP,
                    0.5));

    /** The share that was measured; empty when one of both has no figure. */
    Optional<Double> measured(Result result) {
        return of.in(result).flatMap(value -> beside.in(result).map(other -> value / other));
    }

    /** Whether it was measured, and not below the bound. */
    boolean holds(Result result) {
        return measured(result).filter(share -> share >= least).isPresent();
    }

    /** A line for the table of all bounds. */
    String line(Result result) {
        String share = measured(result)
                .map(value -> String.format(Locale.ROOT, "%.4f", value))
                .orElse("not measured");
        return String.format(
                Locale.ROOT,
                "  %-56s %14s   at least %.4f   %s",
                what,
                share,
                least,
                holds(result) ? "ok" : "TOO SLOW");
    }
}
