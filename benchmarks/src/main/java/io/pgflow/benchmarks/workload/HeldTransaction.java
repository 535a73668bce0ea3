package io.pgflow.benchmarks.workload;

import io.pgflow.benchmarks.contender.Contenders;
import io.pgflow.benchmarks.contender.Work;
import io.pgflow.benchmarks.harness.Crew;
import io.pgflow.benchmarks.harness.DatabaseServer;
import io.pgflow.benchmarks.harness.Figures;
import io.pgflow.benchmarks.harness.Metric;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Somebody forgot to commit: as long as that transaction is open, no dead row of the database can be cleared away. */
final class HeldTransaction implements Workload {

    private static final Metric FREE = Metric.rate("runs/s without");
    private static final Metric HELD = Metric.rate("runs/s at the end");
    private static final Metric SHARE = Metric.rate("at the end / without");
    private static final Metric CLAIM = Metric.cost("a claim of 100 at the end, p99 ms");
    private static final int ROUNDS = 3;

    @Override
    public String name() {
        return "held";
    }

    @Override
    public String title() {
        return "one-step runs while a transaction with an id and a snapshot is held open";
    }

    @Override
    public List<Variant> variants(Sizes sizes) {
        return List.of(Variant.of("held for " + sizes.seconds() + " s", Work.ONE_STEP, crew -> measure(crew, sizes))
                .measuredOnce());
    }

    private static Figures measure(Crew crew, Sizes sizes) throws SQLException {
        Drain drain = Drain.of(Work.ONE_STEP, sizes.sizeOr(20_000), sizes);
        drain.measure(crew);
        var free = new ArrayList<Double>();
        for (int i = 0; i < ROUNDS; i++) {
            free.add(drain.measure(crew).value(Drain.RUNS));
        }
        try (Connection held = DatabaseServer.connect(crew.database())) {
            hold(held);
            var rates = new ArrayList<Double>();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(sizes.seconds());
            while (rates.size() < ROUNDS || System.nanoTime() - end < 0) {
                rates.add(drain.measure(crew).value(Drain.RUNS));
            }
            double last = Figures.median(rates.subList(rates.size() - ROUNDS, rates.size()));
            double without = Figures.median(free);
            var figures = new Figures().put(FREE, without).put(HELD, last).put(SHARE, last / without);
            if (crew.contender().equals(Contenders.OURS)) {
                crew.enqueue(Work.ONE_STEP, drain.size(), sizes.payload());
                figures.put(CLAIM, Figures.percentile(ClaimLoop.drain(crew.database(), 100), 0.99) / 1e6);
            }
            held.rollback();
            return figures;
        }
    }

    private static void hold(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        try (Statement statement = connection.createStatement()) {
            statement.execute("select pg_current_xact_id()");
        }
    }
}
