package io.pgflow.chaos;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.state.RunState;
import io.pgflow.workflow.Workflow;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * An engine with the default settings but retention, and all the work that {@link SoakWork} can think of, in a small process of its own: what
 * grows there is the engine's, not the observer's.
 *
 * <p>Arguments: address of the database, age after which runs are removed in milliseconds, runs in a second, after how many seconds it
 * ends in any case. It answers {@code sample} and {@code stop} on its input, and ends in good order when that is closed.
 */
final class SoakEngine {

    static final int POOL = 24;
    private static final int COLLECTIONS = 3;
    private static final int LOOKS = 40;

    private SoakEngine() {}

    public static void main(String[] args) throws Exception {
        ChaosWorker.endAfter(Duration.ofSeconds(Long.parseLong(args[3])));
        var work = new SoakWork();
        try (HikariDataSource pool = pool(args[0]);
                Pgflow pgflow = start(pool, work, Duration.ofMillis(Long.parseLong(args[1])))) {
            try (SoakLoad load =
                    new SoakLoad(pgflow, () -> pool(args[0] + "-guest"), work, Double.parseDouble(args[2]))) {
                System.out.println("ready");
                serve(load, pool);
            }
        }
    }

    private static void serve(SoakLoad load, HikariDataSource pool) throws Exception {
        var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String order = orders.readLine();
        while (order != null) {
            if (order.equals("stop")) {
                load.stop();
                System.out.println("stopped");
            } else {
                System.out.println(sample(load, pool));
            }
            order = orders.readLine();
        }
    }

    private static SoakSample.OfEngine sample(SoakLoad load, HikariDataSource pool) throws InterruptedException {
        return new SoakSample.OfEngine(
                heapAfterCollection(),
                ManagementFactory.getThreadMXBean().getThreadCount(),
                ManagementFactory.getClassLoadingMXBean().getLoadedClassCount(),
                leastInUse(pool),
                load.done());
    }

    /** A poll takes one for a moment; what is always taken is held. */
    private static int leastInUse(HikariDataSource pool) throws InterruptedException {
        int least = Integer.MAX_VALUE;
        for (int i = 0; i < LOOKS; i++) {
            least = Math.min(least, pool.getHikariPoolMXBean().getActiveConnections());
            Thread.sleep(50);
        }
        return least;
    }

    /** The smallest of a few: what is on its way at one moment is no leak. */
    private static long heapAfterCollection() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            least = Math.min(
                    least,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
            Thread.sleep(300);
        }
        return least;
    }

    private static Pgflow start(HikariDataSource pool, SoakWork work, Duration age) {
        var settings = PgflowSettings.builder().workerName("soak");
        Stream.of(RunState.values()).filter(RunState::isTerminal).forEach(state -> settings.retain(state, age));
        return Pgflow.on(pool)
                .with(work.all().toArray(Workflow<?, ?>[]::new))
                .settings(settings.build())
                .start();
    }

    /** One that gives back what nobody needs, so that a need that grows is seen. */
    private static HikariDataSource pool(String url) {
        var config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(POOL);
        config.setMinimumIdle(1);
        config.setIdleTimeout(20_000);
        return new HikariDataSource(config);
    }
}
