package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What it costs to wait for work that does not come. */
final class Idle implements Workload {

    private static final Metric TRANSACTIONS = Metric.cost("transactions/s");
    private static final Metric JVM = Metric.cost("JVM, % of a core");
    private static final Metric SERVER = Metric.cost("server, % of a core");
    private static final int SECONDS_TO_SETTLE = 3;

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public String title() {
        return "one JVM that is ready to work and has nothing to do";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        return List.of(Variant.of(sizes.seconds() + " s", Work.ONE_STEP, crew -> measure(crew, sizes)));
    }

    private static Figures measure(Crew crew, Sizes sizes) throws SQLException, InterruptedException {
        crew.work(sizes.workers());
        TimeUnit.SECONDS.sleep(SECONDS_TO_SETTLE);
        long began = System.nanoTime();
        long transactions = crew.server().transactions(crew.database());
        long jvm = crew.processorTime();
        long server = crew.server().processorTime();
        TimeUnit.SECONDS.sleep(sizes.seconds());
        transactions = crew.server().transactions(crew.database()) - transactions;
        jvm = crew.processorTime() - jvm;
        server = crew.server().processorTime() - server;
        double nanos = System.nanoTime() - began;
        crew.rest();
        return new Figures()
                .put(TRANSACTIONS, transactions / nanos * 1e9)
                .put(JVM, jvm / nanos * 100)
                .put(SERVER, server / nanos * 100);
    }
}
