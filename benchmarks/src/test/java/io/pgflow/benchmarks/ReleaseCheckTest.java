package io.pgflow.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.benchmarks.Bound.Figure;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Sample;
import io.pgflow.benchmarks.workload.Workloads;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReleaseCheckTest {

    private static final Figure OURS = new Figure("no history", "runs/s");
    private static final Figure PLAIN = new Figure("no history", "rows/s");
    private static final Bound BOUND = new Bound("one-step runs", OURS, PLAIN, 0.1);

    private final Result result = new Result(Workloads.release());

    @Test
    void a_share_of_the_medians_is_compared_with_the_bound() {
        round(1, 900, 10_000);
        round(2, 1_100, 10_000);
        round(3, 4_000, 10_000);
        assertThat(BOUND.measured(result)).contains(0.11);
        assertThat(check().passed()).isTrue();
        assertThat(check().report()).contains("one-step runs", "0.1100", "at least 0.1000", "ok");
    }

    @Test
    void what_is_too_slow_is_named_with_its_code() {
        round(1, 900, 10_000);
        assertThat(check().passed()).isFalse();
        assertThat(check().report()).contains("0.0900", "TOO SLOW", "[PGF-BEN-003] below its bound: one-step runs.");
    }

    @Test
    void what_was_not_measured_or_is_not_correct_does_not_pass() {
        assertThat(check().passed()).isFalse();
        assertThat(check().report()).contains("not measured");
        round(1, 5_000, 10_000);
        assertThat(check().passed()).isTrue();
        result.failed("100,000 finished", "pgflow-java", "invariants do not hold");
        assertThat(check().passed()).isFalse();
    }

    @Test
    void bounds_speak_of_variants_that_the_check_has() {
        List<String> variants = Workloads.release().variants(Options.parse("").sizes()).stream()
                .map(variant -> variant.label())
                .toList();
        assertThat(Bound.ALL).allSatisfy(bound -> {
            assertThat(variants).contains(bound.of().variant(), bound.beside().variant());
            assertThat(bound.least()).isPositive();
        });
    }

    private ReleaseCheck check() {
        return new ReleaseCheck(result, List.of(BOUND));
    }

    private void round(int number, double runs, double rows) {
        var figures = new Figures().put(Metric.rate("runs/s"), runs).put(Metric.rate("rows/s"), rows);
        result.add(new Sample("check", "no history", "pgflow-java", number, figures.values()));
    }
}
