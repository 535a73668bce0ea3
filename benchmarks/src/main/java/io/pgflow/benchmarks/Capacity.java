package io.pgflow.benchmarks;

import io.pgflow.benchmarks.contender.Contenders;
import io.pgflow.benchmarks.harness.Metric;
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
        return result.rows().keySet().stream()
                .findFirst()
                .map(variant -> new Capacity(
                        cost(result, variant, "server CPU us/task"),
                        cost(result, variant, "JVM CPU us/task"),
                        cost(result, variant, "WAL bytes/task")))
                .filter(cost -> cost.serverMicros > 0 && cost.jvmMicros > 0 && cost.walBytes > 0);
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
        List<String> rows = results.results().stream()
                .filter(result -> WORKLOADS.contains(result.workload().name()))
                .flatMap(result ->
                        of(result).map(cost -> cost.row(result.workload().name())).stream())
                .toList();
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
