package io.pgflow.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Sample;
import io.pgflow.benchmarks.workload.Workloads;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ResultTest {

    private static final Metric RATE = Metric.rate("runs/s");
    private static final Metric DELAY = Metric.cost("p50 ms");
    private static final String OURS = "pgflow-java";
    private static final String OTHER = "other";

    private final Result result = new Result(Workloads.named("one-step").orElseThrow());

    @Test
    void the_median_is_the_middle_one_or_between_the_two_in_the_middle() {
        assertThat(Figures.median(List.of(9.0, 1.0, 5.0))).isEqualTo(5);
        assertThat(Figures.median(List.of(4.0, 1.0, 9.0, 2.0))).isEqualTo(3);
    }

    @Test
    void a_percentile_is_a_value_that_occurred() {
        long[] hundred = LongStream.rangeClosed(1, 100).map(i -> 101 - i).toArray();
        assertThat(Figures.percentile(hundred, 0.5)).isEqualTo(50);
        assertThat(Figures.percentile(hundred, 0.99)).isEqualTo(99);
        assertThat(Figures.percentile(new long[] {7}, 0.99)).isEqualTo(7);
    }

    @Test
    void a_ratio_above_one_says_that_ours_is_better_whatever_is_measured() {
        assertThat(RATE.ratio(300, 100)).isEqualTo(3);
        assertThat(DELAY.ratio(2, 10)).isEqualTo(5);
    }

    @Test
    void the_table_shows_medians_and_how_many_times_better_ours_is() {
        add(OURS, 1, 100, 2);
        add(OURS, 2, 300, 2);
        add(OURS, 3, 200, 2);
        add(OTHER, 1, 50, 8);
        assertThat(table())
                .containsPattern("v, runs/s +200 +50.0 \\(4.00x\\)")
                .containsPattern("v, p50 ms +2.00 +8.00 \\(4.00x\\)");
    }

    @Test
    void who_cannot_and_who_failed_is_shown_and_half_a_measurement_is_none() {
        add(OURS, 1, 100, 2);
        result.cannot("v", OTHER);
        assertThat(table()).containsPattern("v, runs/s +100 +no");
        result.failed("v", OURS, "its process has ended");
        assertThat(table())
                .containsPattern("v, runs/s +failed +no")
                .contains("FAILED: pgflow-java, v: its process has ended");
    }

    @Test
    void json_holds_every_round_and_the_medians() {
        add(OURS, 1, 100, 2);
        add(OURS, 2, 300, 2);
        var machine = Map.of("cores", "2");
        var server = Map.of("fsync", "on");
        String json = new Results("one-step", Map.of(), machine, server, Map.of(OURS, "x"), List.of(result)).json();
        assertThat(json)
                .contains("\"cores\" : \"2\"", "\"fsync\" : \"on\"", "\"command\" : \"one-step\"")
                .contains("\"round\" : 2", "\"runs/s\" : 300.0", "\"runs/s\" : 200.0");
    }

    private void add(String contender, int round, double rate, double delay) {
        var figures = new Figures().put(RATE, rate).put(DELAY, delay);
        result.add(new Sample("one-step", "v", contender, round, figures.values()));
    }

    private String table() {
        return new Table(result, List.of(OURS, OTHER)).toString();
    }
}
