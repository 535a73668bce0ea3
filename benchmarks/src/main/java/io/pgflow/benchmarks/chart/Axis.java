package io.pgflow.benchmarks.chart;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * Where a value stands between two ends.
 *
 * @param least at the beginning; above 0 on a logarithmic axis
 * @param most at the end
 * @param logarithmic whether equal ratios are equally far from each other, rather than equal differences
 */
record Axis(double least, double most, boolean logarithmic) {

    private static final double[] STEPS = {1, 2, 5, 10};
    private static final int MOST_STEPS = 6;

    Axis {
        if (!(least < most) || (logarithmic && least <= 0)) {
            throw new IllegalArgumentException("no axis goes from " + least + " to " + most);
        }
    }

    /** From 0 to a round number above all values; logarithmic, between the round numbers around them. */
    static Axis around(Collection<Double> values, boolean logarithmic) {
        double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(0);
        double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(1);
        if (!logarithmic) {
            double step = step(most <= 0 ? 1 : most);
            return new Axis(0, Math.max(step, Math.ceil(most / step) * step), false);
        }
        double begin = magnitude(least) * STEPS[last(least)];
        double end = magnitude(most) * STEPS[last(most)];
        return new Axis(begin, end < most || end <= begin ? next(end) : end, true);
    }

    /** From the least to the most of them, and nothing more. */
    static Axis between(Collection<Double> values, boolean logarithmic) {
        double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(0);
        double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(1);
        return new Axis(least, most > least ? most : least + 1, logarithmic);
    }

    /** 0 at the least, 1 at the most. */
    double share(double value) {
        return logarithmic ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
    }

    /** Round values, from the least to the most, that are worth a line. */
    List<Double> ticks() {
        var ticks = new ArrayList<Double>();
        if (logarithmic) {
            boolean few = most / least > 1000;
            for (double tick = least; tick <= most * 1.0001; tick = next(tick)) {
                if (!few || last(tick) == 0) {
                    ticks.add(tick);
                }
            }
        } else {
            double step = step(most);
            for (int i = 0; i * step <= most * 1.0001; i++) {
                ticks.add(i * step);
            }
        }
        return ticks;
    }

    /** {@code 1,500}, {@code 0.25}. */
    static String text(double value) {
        String format = Math.abs(value) >= 10 || value == Math.rint(value) ? "%,.0f" : "%.3g";
        String text = String.format(Locale.ROOT, format, value);
        return text.contains(".") ? text.replaceAll("0+$", "") : text;
    }

    /** 1, 2 or 5 times a power of ten, so that a few of them reach so far. */
    private static double step(double far) {
        double magnitude = magnitude(far / MOST_STEPS);
        for (double factor : STEPS) {
            if (factor * magnitude * MOST_STEPS >= far * 0.9999) {
                return factor * magnitude;
            }
        }
        return magnitude * 10;
    }

    /** The round number that follows a round number. */
    private static double next(double round) {
        return magnitude(round) * STEPS[last(round) + 1];
    }

    /** Which of 1, 2 and 5 is the last that the first figure of a value reaches. */
    private static int last(double value) {
        double figure = value / magnitude(value);
        return figure >= 5 - 1e-9 ? 2 : figure >= 2 - 1e-9 ? 1 : 0;
    }

    private static double magnitude(double value) {
        return Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
    }
}
