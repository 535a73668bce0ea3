package io.pgflow.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.benchmarks.workload.Sizes;
import io.pgflow.benchmarks.workload.Variant;
import io.pgflow.benchmarks.workload.Workload;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarksTest {
    @TempDir
    private Path folder;

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

    @Test
    void a_command_that_is_cut_off_has_kept_the_workloads_before() throws Exception {
        Options given = Options.parse("one-step size=50 rounds=1 workers=4");
        Options options = then(new CutOff(), given);
        Path file = folder.resolve("results").resolve("now.json");
        assertThatThrownBy(() -> Benchmarks.run("one-step cut-off", options, file))
                .hasMessage("cut off");
        Results kept = ResultsFile.read(Files.readString(file));
        assertThat(kept.results())
                .singleElement()
                .satisfies(result -> assertThat(result.samples()).isNotEmpty());
        assertThat(kept.results().get(0).workload().name()).isEqualTo("one-step");
        assertThat(kept.contenders()).containsOnlyKeys("pgflow-java");
        assertThat(file.getParent()).isDirectoryNotContaining(path -> !path.equals(file));
    }

    private static Options then(Workload workload, Options given) {
        return new Options(
                List.of(given.workloads().get(0), workload),
                given.contenders(),
                given.sizes(),
                given.rounds(),
                given.heap(),
                given.patience(),
                given.notifications(),
                given.url(),
                given.keep());
    }

    /** What a killed process does, as far as the file can tell. */
    private static final class CutOff implements Workload {
        @Override
        public String name() {
            return "cut-off";
        }

        @Override
        public String title() {
            return "never measured";
        }

        @Override
        public List<Variant> variants(Sizes sizes) {
            throw new IllegalStateException("cut off");
        }
    }
}
