package io.pgflow.benchmarks.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What Linux tells about processes; 0 where there is no {@code /proc}. */
final class ProcessTimes {

    /** Linux counts processor time in hundredths of a second, whatever the kernel's own clock. */
    private static final long NANOS_PER_TICK = 10_000_000;

    /** Places in {@code /proc/<pid>/stat}, counted behind the name, which may hold blanks. */
    private static final int PARENT = 1;

    private static final int USER = 11;
    private static final int SYSTEM = 12;
    private static final int ENDED_CHILDREN_USER = 13;
    private static final int ENDED_CHILDREN_SYSTEM = 14;

    private ProcessTimes() {}

    /** Processor time of one process, in nanoseconds. */
    static long of(long pid) {
        String[] stat = stat(Path.of("/proc/" + pid));
        return stat.length == 0 ? 0 : (number(stat, USER) + number(stat, SYSTEM)) * NANOS_PER_TICK;
    }

    /** Processor time of a process and all that it started, those that have ended too, in nanoseconds. */
    static long ofFamily(long pid) {
        String[] stat = stat(Path.of("/proc/" + pid));
        if (stat.length == 0) {
            return 0;
        }
        long ticks = number(stat, ENDED_CHILDREN_USER) + number(stat, ENDED_CHILDREN_SYSTEM);
        return of(pid) + ticks * NANOS_PER_TICK + ofChildren(pid);
    }

    static long parentOf(long pid) {
        String[] stat = stat(Path.of("/proc/" + pid));
        return stat.length == 0 ? 0 : number(stat, PARENT);
    }

    /** Resident memory now, in bytes. */
    static long residentBytes(long pid) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }

    private static long ofChildren(long parent) {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("[0-9]+"))
                    .map(ProcessTimes::stat)
                    .filter(stat -> stat.length > 0 && number(stat, PARENT) == parent)
                    .mapToLong(stat -> (number(stat, USER) + number(stat, SYSTEM)) * NANOS_PER_TICK)
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }

    private static String[] stat(Path process) {
        try {
            String text = Files.readString(process.resolve("stat"));
            return text.substring(text.lastIndexOf(')') + 2).split(" ");
        } catch (IOException e) {
            return new String[0]; // it has ended
        }
    }

    private static long number(String[] stat, int place) {
        return Long.parseLong(stat[place]);
    }
}
