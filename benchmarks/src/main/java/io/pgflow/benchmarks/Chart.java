package io.pgflow.benchmarks;

import io.pgflow.benchmarks.chart.Line;
import io.pgflow.benchmarks.chart.LineChart;
import io.pgflow.benchmarks.chart.LineChart.Scale;
import io.pgflow.benchmarks.chart.Point;
import io.pgflow.benchmarks.harness.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is drawn of a workload.
 *
 * @param name of the file, without {@code .svg}
 * @param workload whose variants differ by a number
 * @param number where the number is in the variant's label; a variant that has none is a value for every x
 * @param line what the line is called; with {@code %s} for the contender
 */
record Chart(String name, String title, String workload, Metric metric, Pattern number, String line, Scale x, Scale y) {

    static final List<Chart> ALL = List.of(
            of("batch", "Claims and reports in batches", "ceiling", "tasks/s", "batch (\\d+)")
                    .against("tasks in a call", true, false)
                    .called("SQL alone"),
            of("batch-starts", "Starts in batches", "ceiling-starts", "starts/s", "batch (\\d+)")
                    .against("runs in a call", true, false)
                    .called("SQL alone"),
            of("workers", "More handlers at once", "workers", "runs/s", "^(\\d+) ")
                    .against("handlers at once", true, false),
            of("jvms", "More JVMs on one machine", "jvms", "runs/s", "^(\\d+) ").against("JVMs", false, false),
            of("history", "Beside what has finished", "history", "runs/s", "^(\\d+) ")
                    .against("finished runs in the database", false, false),
            of("map", "Wider maps", "map", "us/item", "^(\\d+) ").against("items of the map", true, true),
            of("payload", "Larger inputs", "payload", "runs/s", "(\\d+) bytes")
                    .against("bytes of an input", true, false));

    private static Chart of(String name, String title, String workload, String metric, String number) {
        var scale = new Scale(metric, false);
        boolean rate = metric.endsWith("/s");
        return new Chart(name, title, workload, new Metric(metric, rate), Pattern.compile(number), "%s", scale, scale);
    }

    private Chart against(String what, boolean logarithmic, boolean alsoUp) {
        return new Chart(
                name, title, workload, metric, number, line, new Scale(what, logarithmic), new Scale(y.name(), alsoUp));
    }

    private Chart called(String newLine) {
        return new Chart(name, title, workload, metric, number, newLine, x, y);
    }

    /** The chart of the results that hold most points, of those the last; empty when none hold enough for a line. */
    Optional<LineChart> of(Map<String, Results> kept) {
        Optional<LineChart> most = Optional.empty();
        int mostPoints = 0;
        for (Map.Entry<String, Results> file : kept.entrySet()) {
            Results results = file.getValue();
            List<Line> lines = results.results().stream()
                    .filter(result -> result.workload().name().equals(workload))
                    .flatMap(result -> lines(result, results.contenders().keySet()).stream())
                    .toList();
            int points =
                    lines.stream().mapToInt(line -> line.points().size()).max().orElse(0);
            if (points > 1 && points >= mostPoints) {
                mostPoints = points;
                most = Optional.of(new LineChart(title, note(file.getKey(), results), x, y, lines));
            }
        }
        return most;
    }

    private List<Line> lines(Result result, Iterable<String> contenders) {
        var lines = new ArrayList<Line>();
        for (String contender : contenders) {
            var points = new ArrayList<Point>();
            for (String variant : result.rows().keySet()) {
                Matcher found = number.matcher(variant);
                boolean numbered = found.find();
                result.median(variant, metric, contender).ifPresent(y -> {
                    if (numbered) {
                        points.add(new Point(Double.parseDouble(found.group(1)), y));
                    } else {
                        lines.add(Line.across(variant, y));
                    }
                });
            }
            if (!points.isEmpty()) {
                lines.add(Line.through(String.format(line, contender), points));
            }
        }
        return lines;
    }

    private static String note(String file, Results results) {
        UnaryOperator<String> server = name -> results.server().getOrDefault(name, "?");
        return "cores: " + results.machine().getOrDefault("cores", "?") + "; PostgreSQL "
                + server.apply("server_version") + ", fsync " + server.apply("fsync") + ", synchronous_commit "
                + server.apply("synchronous_commit") + "; medians of performance/" + file + ".json";
    }
}
