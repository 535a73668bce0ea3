package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Crew.Handlers;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import io.pgflow.benchmarks.harness.Span;
import java.sql.SQLException;

/**
 * Work that was stored while nobody worked, worked on to its end: from the first call of a handler to the moment at which everything is
 * recorded as done.
 *
 * @param size in runs; in items for a map
 */
record Drain(Work work, int size, int payload, int workers) {

    static final Metric RUNS = Metric.rate("runs/s");
    static final Metric TASKS = Metric.rate("tasks/s");
    private static final Metric SECONDS = Metric.cost("seconds");
    private static final Metric JVM_CPU = Metric.cost("JVM CPU us/task");
    private static final Metric SERVER_CPU = Metric.cost("server CPU us/task");
    private static final Metric WAL = Metric.cost("WAL bytes/task");
    private static final Metric RESIDENT = Metric.cost("JVM resident MiB");

    static Drain of(Work work, int size, Sizes sizes) {
        return new Drain(work, size, sizes.payload(), sizes.workers());
    }

    /**
     * How many runs and tasks a second, what a task costs on both sides, the memory that the processes have at the end, and the log
     * that the server wrote, with what it wrote when the work was stored.
     */
    Figures measure(Crew crew) throws SQLException {
        long before = crew.server().wal();
        crew.enqueue(work, size, payload);
        Figures figures = measureStored(crew, new Handlers(0, false));
        return figures.put(WAL, (double) (crew.server().wal() - before) / tasks());
    }

    /** The same with work that is stored already. */
    Figures measureStored(Crew crew, Handlers handlers) {
        long jvm = crew.processorTime();
        long server = crew.server().processorTime();
        crew.work(workers, handlers, 0);
        Span span = crew.finish(tasks());
        double jvmMicros = (crew.processorTime() - jvm) / 1e3;
        double serverMicros = (crew.server().processorTime() - server) / 1e3;
        double resident = crew.residentBytes() / 1048576.0;
        crew.rest();

        var figures = new Figures();
        if (work == Work.MAP) {
            figures.put(SECONDS, span.seconds());
        } else {
            figures.put(RUNS, span.rate(size));
        }
        if (work != Work.ONE_STEP) {
            figures.put(TASKS, span.rate(tasks()));
        }
        return figures.put(JVM_CPU, jvmMicros / tasks())
                .put(SERVER_CPU, serverMicros / tasks())
                .put(RESIDENT, resident);
    }

    int tasks() {
        return work == Work.MAP ? size + 2 : size * work.steps();
    }
}
