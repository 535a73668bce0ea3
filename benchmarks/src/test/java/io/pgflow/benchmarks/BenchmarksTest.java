package io.pgflow.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class BenchmarksTest {

    @Test
    void a_small_measurement_goes_through_processes_of_its_own_and_is_verified() throws Exception {
        PrintStream console = System.out;
        var printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        boolean complete;
        try {
            complete = Benchmarks.run("one-step chain size=50 rounds=1 workers=4");
        } finally {
            System.setOut(console);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .containsPattern("cores: \\d+")
                .contains("PostgreSQL, fsync: on", "PostgreSQL, synchronous_commit: on")
                .containsPattern("50 runs, runs/s +[0-9.,]+")
                .containsPattern("50 runs, tasks/s +[0-9.,]+")
                .contains("pgflow-java: this version")
                .containsPattern("every round: target/results/.*json");
        assertThat(complete).isTrue();
    }
}
