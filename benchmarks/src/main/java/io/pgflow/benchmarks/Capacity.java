package io.pgflow.benchmarks;

import io.pgflow.benchmarks.contender.Contenders;
import io.pgflow.benchmarks.harness.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What would a larger server carry, if nothing but its processors were the limit? Arithmetic, not a measurement.
 *
 * @param serverMicros processor time of the server for a task
 * @param jvmMicros the same of the JVMs, which stand beside the server
 * @param walBytes what the server writes to its log for a task
 */
record Capacity(double serverMicros, double jvmMicros, double walBytes) {

    private static final int[] CORES = {4, 16, 64};
    private static final List<String> WORKLOADS = List.of("one-step", "chain", "diamond");

    /** What was measured of a workload; empty unless all three numbers are there and none is 0. */
    static Optional<Capacity> of(Result result) {
        Optional<String> variant = result.rows().keySet().stream().findFirst();
        double server =
                variant.map(name -> cost(result, name, "server CPU us/task")).orElse(0.0);
        double jvm = variant.map(name -> cost(result, name, "JVM CPU us/task")).orElse(0.0);
        double wal = variant.map(name -> cost(result, name, "WAL bytes/task")).orElse(0.0);
        return server > 0 && jvm > 0 && wal > 0 ? Optional.of(new Capacity(server, jvm, wal)) : Optional.empty();
    }

    /** Tasks a second on so many cores. */
    double tasks(int cores) {
        return cores * 1e6 / serverMicros;
    }

    /** Cores of the machines with the JVMs that so many cores of the server keep busy. */
    double jvmCores(int cores) {
        return tasks(cores) * jvmMicros / 1e6;
    }

    /** Log that so many cores of the server write, in MiB a second. */
    double walMiB(int cores) {
        return tasks(cores) * walBytes / 1048576;
    }

    /** A table in Markdown of the workloads that tell what a task costs. */
    static String table(Results results) {
        var rows = new ArrayList<String>();
        for (Result result : results.results()) {
            if (WORKLOADS.contains(result.workload().name())) {
                of(result)
                        .ifPresent(capacity ->
                                rows.add(capacity.row(result.workload().name())));
            }
        }
        return rows.isEmpty() ? Page.NOTHING : head() + String.join("\n", rows);
    }

    private static String head() {
        var head = new StringBuilder("| work | server us/task | JVM us/task | WAL bytes/task |");
        var line = new StringBuilder("|---|---:|---:|---:|");
        for (int cores : CORES) {
            head.append(" tasks/s, ").append(cores).append(" cores | WAL MiB/s | cores of JVMs |");
            line.append("---:|---:|---:|");
        }
        return head + "\n" + line + "\n";
    }

    private String row(String work) {
        var row = new StringBuilder("| " + work + " | " + Table.number(serverMicros) + " | " + Table.number(jvmMicros)
                + " | " + Table.number(walBytes) + " |");
        for (int cores : CORES) {
            row.append(" ").append(Table.number(tasks(cores)));
            row.append(" | ").append(Table.number(walMiB(cores)));
            row.append(" | ").append(Table.number(jvmCores(cores))).append(" |");
        }
        return row.toString();
    }

    private static double cost(Result result, String variant, String metric) {
        return result.median(variant, Metric.cost(metric), Contenders.OURS).orElse(0.0);
    }
}
