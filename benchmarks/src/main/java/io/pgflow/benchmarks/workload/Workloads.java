package io.pgflow.benchmarks.workload;

import java.util.List;
import java.util.Optional;

/** Which workloads are there? */
public final class Workloads {

    private static final List<Workload> QUICK =
            List.of(new OneStep(), new Chain(), new MapAndJoin(), new Starts(), new Latency());
    private static final List<Workload> ALL = List.of(
            new OneStep(),
            new Chain(),
            new Diamond(),
            new MapAndJoin(),
            new Starts(),
            new Latency(),
            new Payloads(),
            new Workers(),
            new Jvms(),
            new Space(),
            new Idle(),
            new HeldTransaction(),
            new History(),
            new Retries(),
            new Notify(),
            CeilingOfTasks.workload(),
            CeilingOfStarts.workload());

    private static final Workload RELEASE = new Release();

    private Workloads() {}

    /** The short one that a release is checked with; it is none of the others, since it measures a little of each. */
    public static Workload release() {
        return RELEASE;
    }

    /** In the order of the tables. */
    public static List<Workload> all() {
        return ALL;
    }

    /** Those that say most in a few minutes. */
    public static List<Workload> quick() {
        return QUICK;
    }

    public static Optional<Workload> named(String name) {
        return ALL.stream().filter(workload -> workload.name().equals(name)).findFirst();
    }
}
