package io.pgflow.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Does anything grow? An engine works for as long as {@code -Dminutes} says (1), and what it needs is measured, thirty times or once in a
 * minute; then the load stops, retention removes the runs, and the tables are vacuumed. {@code -Drate} is how many runs start in a second (3),
 * {@code -Dreport=true} writes the page in docs.
 */
class SoakRun {

    private static final int SAMPLES = 30;
    private static final Duration LONGEST_INTERVAL = Duration.ofMinutes(1);
    private static final Duration LONGEST_AGE = Duration.ofMinutes(1);
    private static final Duration QUIET_WITHIN = Duration.ofMinutes(6);
    private static final Duration ENDS_WITHIN = Duration.ofSeconds(30);
    private static final Path FOLDER = Path.of("target", "soak");

    private final double minutes = Double.parseDouble(System.getProperty("minutes", "1"));
    private final double rate = Double.parseDouble(System.getProperty("rate", "3"));
    private final Duration length = Duration.ofMillis((long) (minutes * 60_000));

    @Test
    @Timeout(value = 9, unit = TimeUnit.HOURS)
    void an_engine_that_works_for_long_needs_no_more_than_at_first() throws Exception {
        Files.createDirectories(FOLDER);
        SoakPage page;
        SoakVerdict verdict;
        try (ChaosDatabase database = new ChaosDatabase()) {
            verdict = soak(database);
            page = new SoakPage(verdict, minutes, rate, age(), database.version());
        }
        Files.writeString(FOLDER.resolve("report.md"), page.text());
        System.out.println(page.text());
        if (Boolean.getBoolean("report")) {
            Files.writeString(Path.of("..", "..", "docs", "soak-report.md"), page.text());
        }
        assertThat(verdict.violations()).isEmpty();
        assertThat(verdict.vacuous()).isEmpty();
    }

    private SoakVerdict soak(ChaosDatabase database) throws Exception {
        var tables = new SoakTables(database.dataSource());
        String url = ChaosDatabase.url(database.port(), SoakTables.ENGINE);
        Duration life = length.plus(QUIET_WITHIN).plus(ENDS_WITHIN).plus(Duration.ofMinutes(1));
        try (SoakProcess engine = new SoakProcess(url, age(), rate, life, FOLDER.resolve("engine.log"))) {
            List<SoakSample> samples = watch(engine, tables);
            engine.stopLoad();
            awaitEmpty(tables);
            SoakSample quiet = sample(length.toSeconds(), engine, tables);
            boolean ended = engine.end(ENDS_WITHIN);
            tables.forgetProgress();
            tables.vacuum();
            return new SoakVerdict(samples, quiet, tables.bytes(), ended);
        }
    }

    private List<SoakSample> watch(SoakProcess engine, SoakTables tables)
            throws IOException, SQLException, InterruptedException {
        List<SoakSample> samples = new ArrayList<>();
        long begun = System.nanoTime();
        Duration interval = shorter(length.dividedBy(SAMPLES), LONGEST_INTERVAL);
        while (System.nanoTime() - begun < length.toNanos()) {
            long next = (samples.size() + 1) * interval.toNanos();
            TimeUnit.NANOSECONDS.sleep(next - (System.nanoTime() - begun));
            samples.add(sample(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun), engine, tables));
            keep(samples);
        }
        return samples;
    }

    private static SoakSample sample(long seconds, SoakProcess engine, SoakTables tables)
            throws IOException, SQLException {
        return new SoakSample(seconds, engine.sample(), tables.connections(), tables.bytes(), tables.rows());
    }

    /** Until retention has removed what ended; what it leaves is seen by the verdict. */
    private static void awaitEmpty(SoakTables tables) throws SQLException, InterruptedException {
        long begun = System.nanoTime();
        while (tables.rows().get("runs") > 0 && System.nanoTime() - begun < QUIET_WITHIN.toNanos()) {
            Thread.sleep(500);
        }
    }

    /** What is measured is kept while it goes on, so that a soak of hours that is broken off has shown something. */
    private static void keep(List<SoakSample> samples) throws IOException {
        List<String> lines = new ArrayList<>();
        Map<String, Long> bytes = samples.get(0).bytes();
        Map<String, Long> rows = samples.get(0).rows();
        lines.add(
                "seconds,heap,threads,classes,busy,connections,started,awaited,tasks,versions,engines,subscriptions,refused,"
                        + String.join(",", rows.keySet()) + "," + String.join(",", bytes.keySet()));
        for (SoakSample sample : samples) {
            String[] engine = sample.engine().toString().split(" ", 5);
            lines.add(sample.seconds() + "," + String.join(",", List.of(engine).subList(0, 4)) + ","
                    + sample.connections()
                    + "," + engine[4].replace(' ', ',') + "," + values(rows, sample.rows()) + ","
                    + values(bytes, sample.bytes()));
        }
        Files.write(FOLDER.resolve("samples.csv"), lines);
    }

    private static String values(Map<String, Long> columns, Map<String, Long> values) {
        return columns.keySet().stream()
                .map(column -> "" + values.getOrDefault(column, 0L))
                .collect(Collectors.joining(","));
    }

    private Duration age() {
        return shorter(length.dividedBy(6), LONGEST_AGE);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
