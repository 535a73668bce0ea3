package io.pgflow.benchmarks;

import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Sample;
import io.pgflow.benchmarks.workload.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What was measured of one workload, and why something is missing. Filled while it is measured. */
final class Result {

    private final Workload workload;
    private final List<Sample> samples = new ArrayList<>();
    private final Map<String, String> described = new LinkedHashMap<>();
    private final Map<Cell, String> cannot = new LinkedHashMap<>();
    private final Map<Cell, String> failures = new LinkedHashMap<>();

    Result(Workload workload) {
        this.workload = workload;
    }

    Workload workload() {
        return workload;
    }

    void described(String contender, String text) {
        described.putIfAbsent(contender, text);
    }

    /** Version and settings of each contender that took part. */
    Map<String, String> described() {
        return described;
    }

    void add(Sample sample) {
        samples.add(sample);
    }

    void cannot(String variant, String contender) {
        cannot.put(new Cell(variant, contender), "no");
    }

    void failed(String variant, String contender, String why) {
        failures.put(new Cell(variant, contender), why);
    }

    /** Who could not do what, and the word for it. */
    Map<Cell, String> cannot() {
        return cannot;
    }

    List<Sample> samples() {
        return List.copyOf(samples);
    }

    /** Whether a contender took part, or would have if it could. */
    boolean took(String contender) {
        return cannot.keySet().stream().anyMatch(cell -> cell.contender().equals(contender))
                || failures.keySet().stream().anyMatch(cell -> cell.contender().equals(contender))
                || samples.stream().anyMatch(sample -> sample.contender().equals(contender));
    }

    /** Why, by who and at what. */
    Map<Cell, String> failures() {
        return failures;
    }

    /** The variants that somebody has figures for, with their metrics, in the order in which they came. */
    Map<String, List<Metric>> rows() {
        var rows = new LinkedHashMap<String, List<Metric>>();
        for (Sample sample : samples) {
            List<Metric> metrics = rows.computeIfAbsent(sample.variant(), variant -> new ArrayList<>());
            sample.values().keySet().stream()
                    .filter(metric -> !metrics.contains(metric))
                    .forEach(metrics::add);
        }
        return rows;
    }

    /** The median of its rounds; none of a contender that failed at any time: half a measurement is none. */
    Optional<Double> median(String variant, Metric metric, String contender) {
        if (failures.containsKey(new Cell(variant, contender))) {
            return Optional.empty();
        }
        List<Double> values = samples.stream()
                .filter(sample ->
                        sample.variant().equals(variant) && sample.contender().equals(contender))
                .filter(sample -> sample.values().containsKey(metric))
                .map(sample -> sample.values().get(metric))
                .toList();
        return values.isEmpty() ? Optional.empty() : Optional.of(Figures.median(values));
    }

    /** What the table says where there is no figure. */
    String missing(String variant, String contender) {
        var cell = new Cell(variant, contender);
        return failures.containsKey(cell) ? "failed" : cannot.getOrDefault(cell, "");
    }

    record Cell(String variant, String contender) {}
}
