package io.pgflow.benchmarks;

import io.pgflow.benchmarks.contender.Contenders;
import io.pgflow.benchmarks.harness.Metric;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A result as text: a line for each variant and metric, a column for each contender. */
record Table(Result result, List<String> contenders) {

    Table {
        contenders = contenders.stream().filter(result::took).toList();
    }

    static final String LEGEND = """
            Medians. In brackets behind a neighbour: how many times better pgflow-java is (below 1: the neighbour is ahead); in
            brackets behind pgflow-java, where variants are compared: the value as a share of that of the first variant.
            "no": the library does not do this durably.""";

    private static final int WIDTH = 22;

    @Override
    public String toString() {
        var lines = new ArrayList<String>();
        lines.add(result.workload().name() + ": " + result.workload().title());
        Map<String, List<String>> rows = lines();
        int names = rows.keySet().stream().mapToInt(String::length).max().orElse(1);
        lines.add(line(" ".repeat(names), contenders));
        rows.forEach((label, cells) -> lines.add(line(String.format("%-" + names + "s", label), cells)));
        result.failures()
                .forEach((cell, why) -> lines.add("FAILED: " + cell.contender() + ", " + cell.variant() + ": " + why));
        return String.join("\n", lines);
    }

    /** What stands in the columns of the contenders, by what is measured. */
    Map<String, List<String>> lines() {
        var lines = new LinkedHashMap<String, List<String>>();
        result.rows()
                .forEach((variant, metrics) -> metrics.forEach(metric -> lines.put(
                        label(variant, metric),
                        contenders.stream()
                                .map(contender -> cell(variant, metric, contender))
                                .toList())));
        return lines;
    }

    private static String label(String variant, Metric metric) {
        return variant + ", " + metric.name();
    }

    private static String line(String label, List<String> cells) {
        var line = new StringBuilder("  " + label);
        cells.forEach(cell -> line.append(String.format("%" + WIDTH + "s", cell)));
        return line.toString();
    }

    private String cell(String variant, Metric metric, String contender) {
        Optional<Double> value = result.median(variant, metric, contender);
        if (value.isEmpty()) {
            return result.missing(variant, contender);
        }
        return number(value.get())
                + compared(variant, metric, contender, value.get())
                        .map(text -> " (" + text + ")")
                        .orElse("");
    }

    private Optional<String> compared(String variant, Metric metric, String contender, double value) {
        if (!contender.equals(Contenders.OURS)) {
            return result.median(variant, metric, Contenders.OURS).map(ours -> number(metric.ratio(ours, value)) + "x");
        }
        String first = result.rows().keySet().iterator().next();
        return result.workload().comparesVariants()
                ? result.median(first, metric, contender).map(other -> number(value / other))
                : Optional.empty();
    }

    /** Three figures that mean something; more are noise. */
    static String number(double value) {
        String format = Math.abs(value) >= 100 ? "%,.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }
}
