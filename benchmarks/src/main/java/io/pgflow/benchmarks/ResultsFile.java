package io.pgflow.benchmarks;

import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Sample;
import io.pgflow.benchmarks.workload.Sizes;
import io.pgflow.benchmarks.workload.Variant;
import io.pgflow.benchmarks.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Results that were kept, read again: what {@link Results} wrote. */
final class ResultsFile {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ResultsFile() {}

    /** All of a folder by their names, which are those of the files without {@code .json}; none when there is no folder. */
    static Map<String, Results> all(Path folder) throws IOException {
        var all = new TreeMap<String, Results>();
        if (Files.isDirectory(folder)) {
            List<Path> found;
            try (Stream<Path> files = Files.list(folder)) {
                found = files.filter(file -> file.toString().endsWith(".json")).toList();
            }
            for (Path file : found) {
                String name = String.valueOf(file.getFileName());
                all.put(name.substring(0, name.length() - ".json".length()), read(Files.readString(file)));
            }
        }
        return all;
    }

    static Results read(String json) {
        JsonNode all = JSON.readTree(json);
        return new Results(
                all.path("command").asString(),
                texts(all.path("options")),
                texts(all.path("machine")),
                texts(all.path("server")),
                texts(all.path("contenders")),
                results(all));
    }

    private static List<Result> results(JsonNode all) {
        var results = new LinkedHashMap<String, Result>();
        for (JsonNode workload : all.path("workloads")) {
            var kept = new KeptWorkload(
                    workload.path("name").asString(),
                    workload.path("title").asString(),
                    workload.path("compares variants").asBoolean());
            results.put(kept.name(), new Result(kept));
        }
        for (JsonNode cell : all.path("cannot")) {
            of(results, cell).cannot(variant(cell), contender(cell));
        }
        for (JsonNode cell : all.path("failures")) {
            of(results, cell)
                    .failed(variant(cell), contender(cell), cell.path("why").asString());
        }
        for (JsonNode round : all.path("rounds")) {
            of(results, round).add(sample(round, all.path("more is better")));
        }
        return List.copyOf(results.values());
    }

    private static Result of(Map<String, Result> results, JsonNode entry) {
        Result result = results.get(entry.path("workload").asString());
        if (result == null) {
            throw new IllegalArgumentException("these results tell of no workload " + entry.path("workload"));
        }
        return result;
    }

    private static Sample sample(JsonNode round, JsonNode directions) {
        var values = new LinkedHashMap<Metric, Double>();
        for (Map.Entry<String, JsonNode> value : round.path("values").properties()) {
            boolean moreIsBetter = directions.path(value.getKey()).asBoolean();
            values.put(
                    new Metric(value.getKey(), moreIsBetter), value.getValue().asDouble());
        }
        return new Sample(
                round.path("workload").asString(),
                variant(round),
                contender(round),
                round.path("round").asInt(),
                values);
    }

    private static String variant(JsonNode entry) {
        return entry.path("variant").asString();
    }

    private static String contender(JsonNode entry) {
        return entry.path("contender").asString();
    }

    private static Map<String, String> texts(JsonNode object) {
        var texts = new LinkedHashMap<String, String>();
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            texts.put(entry.getKey(), entry.getValue().asString());
        }
        return texts;
    }

    /** One that was measured, in a version of ours that may not be this one. */
    private record KeptWorkload(String name, String title, boolean comparesVariants) implements Workload {
        @Override
        public List<Variant> variants(Sizes sizes) {
            return List.of();
        }
    }
}
