package io.pgflow.chaos;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What has a process see another time: variables of its environment, which the program faketime knows. The program itself is not put before
 * the process: it stays its parent, and would be hit in its place by whatever is done to it.
 */
final class WrongClock {

    private static final String PROGRAM = "faketime";

    private WrongClock() {}

    static boolean isThere() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, PROGRAM)));
    }

    /** For a clock that is off by a time such as {@code +1h}. */
    static Map<String, String> environment(String off) throws IOException {
        Process asked = new ProcessBuilder(PROGRAM, "-f", off, "env").start();
        String answer = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return answer.lines()
                .filter(line -> line.startsWith("FAKETIME=") || line.startsWith("LD_PRELOAD="))
                .map(line -> line.split("=", 2))
                .collect(Collectors.toUnmodifiableMap(pair -> pair[0], pair -> pair[1]));
    }
}
