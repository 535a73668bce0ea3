package io.pgflow.benchmarks.workload;

import java.util.List;
import java.util.OptionalInt;

/**
 * How much is done: what the options of the command line say.
 *
 * @param size how many runs; empty for what the workload has for its own
 * @param workers handlers at once, in each process
 * @param payload bytes of an input
 * @param batches of statements in the workloads that drive SQL
 * @param jvms numbers of processes
 * @param items widths of maps
 * @param history numbers of finished runs
 * @param concurrency numbers of handlers at once, where they are compared
 * @param payloads bytes of inputs, where they are compared
 * @param seconds how long a transaction is held, or nothing is done
 */
public record Sizes(
        OptionalInt size,
        int workers,
        int payload,
        List<Integer> batches,
        List<Integer> jvms,
        List<Integer> items,
        List<Integer> history,
        List<Integer> concurrency,
        List<Integer> payloads,
        int seconds) {

    int sizeOr(int usual) {
        return size.orElse(usual);
    }
}
