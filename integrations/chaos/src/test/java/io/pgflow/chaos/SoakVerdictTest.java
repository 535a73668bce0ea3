package io.pgflow.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pgflow.chaos.SoakSample.Done;
import io.pgflow.chaos.SoakSample.OfEngine;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Whatever grows is found, and what only goes up and down is not. */
class SoakVerdictTest {

    private static final int SAMPLES = 30;
    private static final long MB = 1 << 20;
    private static final Done DONE = new Done(5000, 5000, 90_000, 100, 30, 900, 0);
    private static final Map<String, Long> TABLES = Map.of("pgflow.tasks", 10 * MB, "pgflow.workers", MB);

    @Test
    void what_goes_up_and_down_is_no_growth() {
        var verdict = verdict(i -> sample(i, heap(20 * MB + i % 3 * MB)), quiet(DONE, 0, 1), TABLES, true);

        assertThat(verdict.violations()).isEmpty();
        assertThat(verdict.vacuous()).isEmpty();
        assertThat(verdict.heapSlopeInMb()).isCloseTo(0, within(5.0));
    }

    @Test
    void a_heap_that_grows_is_found_and_its_slope_is_told() {
        var verdict = verdict(i -> sample(i, heap(20 * MB + i * MB / 2)), quiet(DONE, 0, 1), TABLES, true);

        assertThat(verdict.violations()).singleElement().asString().contains("heap after collection grew from");
        assertThat(verdict.heapSlopeInMb()).isCloseTo(30, within(0.1));
    }

    @Test
    void threads_and_connections_that_grow_are_found() {
        var verdict = verdict(
                i -> sample(i, new OfEngine(20 * MB, 80 + i, 5000, 3 + i, DONE), 5 + i),
                quiet(DONE, 0, 1),
                TABLES,
                true);

        assertThat(verdict.violations())
                .anyMatch(line -> line.startsWith("threads grew"))
                .anyMatch(line -> line.startsWith("connections in use grew"))
                .anyMatch(line -> line.contains("the pool has"));
    }

    @Test
    void a_table_that_keeps_its_size_without_its_rows_is_found_unless_it_is_kept_for_good() {
        var grown = Map.of("pgflow.tasks", 12 * MB, "pgflow.workers", 3 * MB);

        assertThat(verdict(i -> sample(i, heap(20 * MB)), quiet(DONE, 0, 1), grown, true)
                        .violations())
                .containsExactly("pgflow.tasks has 12288 KB, and had 10240 KB after the warm-up");
    }

    @Test
    void what_is_left_when_all_is_quiet_is_found() {
        var lost = new Done(5000, 4999, 90_000, 100, 30, 900, 1);

        assertThat(verdict(i -> sample(i, heap(20 * MB)), quiet(lost, 7, 2), TABLES, false)
                        .violations())
                .containsExactly(
                        "2 connections are held when nothing is to be done",
                        "7 rows are left in runs",
                        "5000 runs were awaited, and 4999 answers came",
                        "1 calls were refused",
                        "the process did not end when its engine was closed");
    }

    @Test
    void a_soak_in_which_little_happens_proves_little() {
        var idle = new Done(5, 5, 100, 0, 0, 0, 0);

        assertThat(verdict(i -> sample(i, heap(20 * MB)), quiet(idle, 0, 1), TABLES, true)
                        .vacuous())
                .hasSize(2);
    }

    private static SoakVerdict verdict(
            IntFunction<SoakSample> samples, SoakSample quiet, Map<String, Long> vacuumed, boolean ended) {
        List<SoakSample> all = IntStream.range(0, SAMPLES).mapToObj(samples).toList();
        return new SoakVerdict(all, quiet, vacuumed, ended);
    }

    private static OfEngine heap(long bytes) {
        return new OfEngine(bytes, 80, 5000, 3, DONE);
    }

    private static SoakSample sample(int minute, OfEngine engine) {
        return sample(minute, engine, 10);
    }

    private static SoakSample sample(int minute, OfEngine engine, int connections) {
        return new SoakSample(60L * (minute + 1), engine, connections, TABLES, Map.of("runs", 300L));
    }

    private static SoakSample quiet(Done done, long runs, int busy) {
        return new SoakSample(
                60L * SAMPLES, new OfEngine(15 * MB, 30, 5000, busy, done), 5, TABLES, Map.of("runs", runs));
    }
}
