package io.pgflow.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FirstFiguresTest {

    @Test
    void figures_come_with_their_machine_and_settings_and_are_verified() throws Exception {
        PrintStream console = System.out;
        var printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            FirstFigures.main(new String[] {"200", "20"});
        } finally {
            System.setOut(console);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .containsPattern("cores: \\d+")
                .contains("fsync on, synchronous_commit on")
                .containsPattern("200 runs of 1 step +[0-9.,]+")
                .containsPattern("20 runs of 10 steps +[0-9.,]+")
                .containsPattern("p50 [0-9.,]+ ms, p99 [0-9.,]+ ms")
                .contains("verify: every invariant holds");
    }
}
