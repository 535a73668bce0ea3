package io.pgflow.benchmarks.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a figure was measured on: without it the figure means nothing. */
public final class Machine {

    private Machine() {}

    /** Processor, memory, load, operating system and Java, by their names. */
    public static Map<String, String> described() {
        var facts = new TreeMap<String, String>();
        facts.put(
                "cores",
                Runtime.getRuntime().availableProcessors()
                        + processor().map(name -> " of " + name).orElse(""));
        memory().ifPresent(memory -> facts.put("memory", memory));
        load().ifPresent(load -> facts.put("load at the start", load));
        facts.put("java", String.valueOf(Runtime.version()));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        return facts;
    }

    private static Optional<String> processor() {
        return firstLine("/proc/cpuinfo", "model name")
                .map(line -> line.substring(line.indexOf(':') + 1).strip());
    }

    private static Optional<String> memory() {
        return firstLine("/proc/meminfo", "MemTotal")
                .map(line -> Math.round(Long.parseLong(line.replaceAll("[^0-9]", "")) / 1048576.0) + " GiB");
    }

    /** Others at work on the machine spoil a figure; the load tells. */
    private static Optional<String> load() {
        return firstLine("/proc/loadavg", "").map(line -> line.split(" ", 2)[0]);
    }

    private static Optional<String> firstLine(String file, String beginning) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(beginning)).findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
