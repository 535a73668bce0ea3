package io.pgflow.chaos;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.util.DriverDataSource;
import io.pgflow.DatabaseException;
import io.pgflow.IncompatibleDatabaseException;
import io.pgflow.PatientDataSource;
import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.workflow.Workflow;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;

/**
 * A process with four handlers at once, that works until its input is closed; the parent's death closes it too. Prints a line when it has
 * started.
 *
 * <p>Arguments: name, address of the database, file of the journal, after how many milliseconds of silence it counts as lost, the longest
 * nap of a handler in milliseconds, after how many seconds it ends in any case, and optionally a {@link CrashPoint}.
 */
public final class ChaosWorker {

    private static final int CONCURRENCY = 4;
    private static final int FROM_START_TO_END = 8;

    private ChaosWorker() {}

    public static void main(String[] args) throws Exception {
        endAfter(Duration.ofSeconds(Long.parseLong(args[5])));
        CountDownLatch inputEnds = inputEnds();
        PgflowSettings settings = settings(args[0], Duration.ofMillis(Long.parseLong(args[3])));
        try (Journal journal = Journal.appendTo(Path.of(args[2]));
                HikariDataSource pool = pool(args[1])) {
            Workload workload = new Workload(journal, Duration.ofMillis(Long.parseLong(args[4])));
            DataSource dataSource = args.length > 6 ? CrashingDataSource.around(pool, CrashPoint.of(args[6])) : pool;
            try (Pgflow pgflow = start(dataSource, workload, settings, inputEnds)) {
                System.out.println(
                        "ready " + pgflow.worker().orElseThrow().status().workerId());
                inputEnds.await();
                endAfter(Duration.ofSeconds(FROM_START_TO_END));
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private static PgflowSettings settings(String name, Duration expiresAfter) {
        Duration heartbeat = expiresAfter.multipliedBy(3).dividedBy(10);
        return PgflowSettings.builder()
                .workerName(name)
                .concurrency(CONCURRENCY)
                .expiresAfter(expiresAfter)
                .heartbeat(heartbeat)
                .pollInterval(heartbeat.dividedBy(3))
                .stopGrace(Duration.ofMillis(10))
                .build();
    }

    private static HikariDataSource pool(String url) {
        var driver = new DriverDataSource(url, null, new Properties(), null, null);
        // region patient
        var config = new HikariConfig();
        config.setDataSource(PatientDataSource.around(driver, PatientDataSource.PATIENCE));
        // endregion
        config.setMaximumPoolSize(14);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(5_000);
        config.setInitializationFailTimeout(-1);
        return new HikariDataSource(config);
    }

    /** Faults do not wait until a process has started. */
    private static Pgflow start(
            DataSource dataSource, Workload workload, PgflowSettings settings, CountDownLatch inputEnds)
            throws InterruptedException {
        while (true) {
            try {
                return Pgflow.on(dataSource)
                        .with(workload.all().toArray(Workflow<?, ?>[]::new))
                        .settings(settings)
                        .start();
            } catch (DatabaseException | IncompatibleDatabaseException e) {
                if (inputEnds.await(200, TimeUnit.MILLISECONDS)) {
                    Runtime.getRuntime().halt(0);
                }
            }
        }
    }

    private static CountDownLatch inputEnds() {
        var ends = new CountDownLatch(1);
        daemon("chaos-input", () -> {
            try {
                System.in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // Whoever held the other end is gone.
            }
            ends.countDown();
        });
        return ends;
    }

    static void endAfter(Duration time) {
        daemon("chaos-watchdog", () -> {
            try {
                Thread.sleep(time.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            Runtime.getRuntime().halt(1);
        });
    }

    static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }
}
