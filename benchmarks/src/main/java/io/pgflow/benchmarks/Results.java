package io.pgflow.benchmarks;

import io.pgflow.benchmarks.Result.Cell;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;

/** Everything that was measured, as JSON: the numbers of each round, the medians, and what they were measured on. */
record Results(
        String command,
        Map<String, String> options,
        Map<String, String> machine,
        Map<String, String> server,
        Map<String, String> contenders,
        List<Result> results) {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Nothing is measured yet. */
    Results(String command, Map<String, String> options, Map<String, String> machine, Map<String, String> server) {
        this(command, options, machine, server, Map.of(), List.of());
    }

    /** These and those of another workload. */
    Results with(Result result) {
        var described = new LinkedHashMap<>(contenders);
        described.putAll(result.described());
        var more = new ArrayList<>(results);
        more.add(result);
        return new Results(command, options, machine, server, described, more);
    }

    /** Writes a file, and the folder it is in. Whoever is cut off while it writes leaves the file that was there before. */
    void write(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.writeString(next, json() + "\n");
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
    }

    String json() {
        var all = new LinkedHashMap<String, Object>();
        all.put("command", command);
        all.put("options", options);
        all.put("machine", machine);
        all.put("server", server);
        all.put("contenders", contenders);
        all.put("workloads", workloads());
        all.put("more is better", directions());
        all.put("medians", medians());
        all.put("cannot", cells(Result::cannot, "what"));
        all.put("failures", cells(Result::failures, "why"));
        all.put("rounds", rounds());
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all);
    }

    private List<Map<String, Object>> medians() {
        var medians = new ArrayList<Map<String, Object>>();
        for (Result result : results) {
            result.rows()
                    .forEach((variant, metrics) -> contenders.keySet().forEach(contender -> {
                        var values = new LinkedHashMap<String, Double>();
                        metrics.forEach(metric -> result.median(variant, metric, contender)
                                .ifPresent(value -> values.put(metric.name(), value)));
                        if (!values.isEmpty()) {
                            medians.add(entry(result.workload().name(), variant, contender, Optional.empty(), values));
                        }
                    }));
        }
        return medians;
    }

    private List<Map<String, Object>> workloads() {
        var workloads = new ArrayList<Map<String, Object>>();
        for (Result result : results) {
            var workload = new LinkedHashMap<String, Object>();
            workload.put("name", result.workload().name());
            workload.put("title", result.workload().title());
            workload.put("compares variants", result.workload().comparesVariants());
            workloads.add(workload);
        }
        return workloads;
    }

    /** Of every metric, whether a larger number is the better one. */
    private Map<String, Boolean> directions() {
        var directions = new LinkedHashMap<String, Boolean>();
        results.forEach(result -> result.rows()
                .values()
                .forEach(metrics -> metrics.forEach(metric -> directions.put(metric.name(), metric.moreIsBetter()))));
        return directions;
    }

    private List<Map<String, Object>> cells(Function<Result, Map<Cell, String>> which, String name) {
        var cells = new ArrayList<Map<String, Object>>();
        for (Result result : results) {
            which.apply(result).forEach((cell, text) -> {
                var entry = new LinkedHashMap<String, Object>();
                entry.put("workload", result.workload().name());
                entry.put("variant", cell.variant());
                entry.put("contender", cell.contender());
                entry.put(name, text);
                cells.add(entry);
            });
        }
        return cells;
    }

    private List<Map<String, Object>> rounds() {
        var rounds = new ArrayList<Map<String, Object>>();
        for (Result result : results) {
            for (Sample sample : result.samples()) {
                var values = new LinkedHashMap<String, Double>();
                for (Map.Entry<Metric, Double> value : sample.values().entrySet()) {
                    values.put(value.getKey().name(), value.getValue());
                }
                Optional<Integer> round = Optional.of(sample.round());
                rounds.add(entry(sample.workload(), sample.variant(), sample.contender(), round, values));
            }
        }
        return rounds;
    }

    private static Map<String, Object> entry(
            String workload, String variant, String contender, Optional<Integer> round, Map<String, Double> values) {
        var entry = new LinkedHashMap<String, Object>();
        entry.put("workload", workload);
        entry.put("variant", variant);
        entry.put("contender", contender);
        round.ifPresent(number -> entry.put("round", number));
        entry.put("values", values);
        return entry;
    }
}
