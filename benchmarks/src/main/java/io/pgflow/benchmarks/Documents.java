package io.pgflow.benchmarks;

import io.pgflow.benchmarks.chart.LineChart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What readers see of what was kept: charts, and the tables of the page.
 *
 * @param docs the folder with {@code performance.md}, and {@code performance} in it
 */
record Documents(Path docs) {

    /** Draws every chart that there are figures for, and fills the page. Returns the names of the charts. */
    Iterable<String> write() throws IOException {
        Map<String, Results> kept = ResultsFile.all(docs.resolve("performance"));
        var drawn = new LinkedHashMap<String, String>();
        for (Chart chart : Chart.ALL) {
            Optional<LineChart> found = chart.of(kept);
            if (found.isPresent()) {
                Files.writeString(
                        docs.resolve("performance/" + chart.name() + ".svg"),
                        found.get().svg());
                drawn.put(chart.name(), chart.title());
            }
        }
        Path page = docs.resolve("performance.md");
        Files.writeString(page, new Page(kept, drawn).filled(Files.readString(page)));
        return drawn.keySet();
    }
}
