package io.pgflow.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Sample;
import io.pgflow.benchmarks.workload.Workloads;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentsTest {

    private static final Metric RATE = Metric.rate("runs/s");
    private static final String OURS = "pgflow-java";
    private static final String OTHER = "other";

    private static final String PAGE = """
            # Title

            <!-- machine: small -->
            <!-- end -->

            <!-- table: small workers -->
            something old
            <!-- end -->

            <!-- table: none workers -->
            <!-- end -->

            <!-- chart: workers -->
            <!-- end -->

            <!-- chart: map -->
            <!-- end -->

            <!-- capacity: small -->
            <!-- end -->

            The end costs $1.
            """;

    @TempDir
    private Path docs;

    @Test
    void what_was_written_is_read_again_the_same() {
        Results results = new Results("workers", options(), options(), options(), contenders(), List.of(workers()));
        results.results().get(0).failed("1 at once", OTHER, "it broke: badly");
        String json = results.json();
        assertThat(ResultsFile.read(json).json()).isEqualTo(json);
        Result again = ResultsFile.read(json).results().get(0);
        assertThat(new Table(again, List.of(OURS, OTHER)).toString())
                .isEqualTo(new Table(results.results().get(0), List.of(OURS, OTHER)).toString());
    }

    @Test
    void a_table_in_markdown_says_what_the_one_on_the_console_does() {
        assertThat(Page.table(workers(), List.of(OURS, OTHER))).isEqualTo("""
                | workers | pgflow-java | other |
                |---|---:|---:|
                | 1 at once, runs/s | 100 (1.00) | 50.0 (2.00x) |
                | 5 at once, runs/s | 300 (3.00) | no |""");
    }

    @Test
    void the_page_and_its_charts_are_written_from_what_is_kept_and_a_second_time_the_same() throws Exception {
        keep(workers(), oneStep());
        assertThat(new Documents(docs).write()).containsExactly("workers");
        String page = Files.readString(docs.resolve("performance.md"));
        assertThat(page)
                .doesNotContain("something old")
                .contains("| 1 at once, runs/s | 100 (1.00) | 50.0 (2.00x) |")
                .contains("| cores | two |", "| command | `words` |")
                .contains("<!-- table: none workers -->\nNot measured yet.\n<!-- end -->")
                .contains("![More handlers at once](performance/workers.svg)")
                .contains("<!-- chart: map -->\nNot measured yet.\n<!-- end -->")
                .contains("| one-step | 100 | 50.0 | 2,097 | 40,000 |")
                .endsWith("The end costs $1.\n");
        assertThat(docs.resolve("performance/workers.svg")).content().contains("pgflow-java", "performance/small.json");

        String svg = Files.readString(docs.resolve("performance/workers.svg"));
        new Documents(docs).write();
        assertThat(docs.resolve("performance.md")).content().isEqualTo(page);
        assertThat(docs.resolve("performance/workers.svg")).content().isEqualTo(svg);
    }

    @Test
    void the_committed_page_has_a_place_for_every_chart_and_every_place_is_one() throws Exception {
        Path root = Files.isDirectory(Path.of("benchmarks")) ? Path.of(".") : Path.of("..");
        String page = Files.readString(root.resolve("docs/performance.md"));
        assertThat(Chart.ALL).allSatisfy(chart -> assertThat(page).contains("<!-- chart: " + chart.name() + " -->"));
        assertThat(Chart.ALL)
                .allSatisfy(
                        chart -> assertThat(Workloads.named(chart.workload())).isPresent());
        var places = new ArrayList<String>();
        page.lines().filter(line -> line.startsWith("<!-- ")).forEach(places::add);
        String unfilled = new Page(Map.of(), Map.of()).filled(page);
        assertThat(unfilled.split(Page.NOTHING, -1)).hasSize(places.size() / 2 + 1);
    }

    @Test
    void arithmetic_from_a_tasks_cost_to_a_servers_rate() {
        var capacity = new Capacity(100, 50, 1_048_576);
        assertThat(capacity.tasks(16)).isEqualTo(160_000);
        assertThat(capacity.jvmCores(16)).isEqualTo(8);
        assertThat(capacity.walMiB(16)).isEqualTo(160_000);
        assertThat(Capacity.of(workers())).as("costs nobody measured").isEmpty();
    }

    private void keep(Result... results) throws Exception {
        Map<String, String> machine = Map.of("cores", "two");
        new Results("words", options(), machine, Map.of("fsync", "on"), contenders(), List.of(results))
                .write(docs.resolve("performance/small.json"));
        Files.writeString(docs.resolve("performance.md"), PAGE);
    }

    private static Map<String, String> options() {
        return Map.of("rounds", "3");
    }

    private static Map<String, String> contenders() {
        var contenders = new LinkedHashMap<String, String>();
        contenders.put(OURS, "this version");
        contenders.put(OTHER, "another");
        return contenders;
    }

    private static Result workers() {
        var result = new Result(Workloads.named("workers").orElseThrow());
        add(result, "1 at once", OURS, new Figures().put(RATE, 100));
        add(result, "1 at once", OTHER, new Figures().put(RATE, 50));
        add(result, "5 at once", OURS, new Figures().put(RATE, 300));
        result.cannot("5 at once", OTHER);
        return result;
    }

    private static Result oneStep() {
        var result = new Result(Workloads.named("one-step").orElseThrow());
        var figures = new Figures()
                .put(Metric.cost("server CPU us/task"), 100)
                .put(Metric.cost("JVM CPU us/task"), 50)
                .put(Metric.cost("WAL bytes/task"), 2_097);
        add(result, "20000 runs", OURS, figures);
        return result;
    }

    private static void add(Result result, String variant, String contender, Figures figures) {
        result.add(new Sample(result.workload().name(), variant, contender, 1, figures.values()));
    }
}
