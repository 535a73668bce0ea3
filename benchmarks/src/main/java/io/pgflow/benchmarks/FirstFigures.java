package io.pgflow.benchmarks;

import static io.pgflow.dsl.FlowBuilder.after;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.benchmarks.harness.Machine;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.embedded.EmbeddedPostgresServer;
import io.pgflow.event.Event;
import io.pgflow.event.EventType;
import io.pgflow.executor.StartOptions;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * How fast is it here? Handlers that do nothing, one process, its own PostgreSQL server with fsync on: what is measured is the
 * engine and the disk. Each figure is the median of three rounds after one that warms up.
 */
public final class FirstFigures {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int ROUNDS = 3;
    private static final int CHAIN = 10;

    private static final Workflow<Integer, Integer> ONE_STEP = chain("one_step", 1);
    private static final Workflow<Integer, Integer> TEN_STEPS = chain("ten_steps", CHAIN);

    private FirstFigures() {}

    /** Two arguments: the runs of one step (default 10,000) and of the chain (default 1,000). */
    public static void main(String[] args) throws Exception {
        int single = args.length > 0 ? Integer.parseInt(args[0]) : 10_000;
        int chains = args.length > 1 ? Integer.parseInt(args[1]) : 1_000;
        try (var server = EmbeddedPostgresServer.start();
                var pool = pool(server)) {
            PgflowSchema.migrate(pool);
            Machine.described().forEach((name, value) -> System.out.println(name + ": " + value));
            System.out.println(
                    "PostgreSQL on the same machine with its default settings, fsync on, synchronous_commit on; one process, up to "
                            + PgflowSettings.defaults().concurrency() + " handlers at once, 10 connections");
            try (var pgflow = Pgflow.on(pool).with(ONE_STEP).with(TEN_STEPS).start()) {
                System.out.printf(
                        "%n%-28s %10s %12s %12s   %s%n",
                        "handlers do nothing", "seconds", "runs/s", "tasks/s", "rounds");
                throughput(pgflow, ONE_STEP, single, 1);
                throughput(pgflow, TEN_STEPS, chains, CHAIN);
                latency(pgflow, 200);
                List<String> violations = pgflow.verify();
                System.out.println(
                        violations.isEmpty() ? "\nverify: every invariant holds" : String.join("\n", violations));
                if (!violations.isEmpty()) {
                    throw new IllegalStateException("what was measured is not correct");
                }
            }
        }
    }

    private static Workflow<Integer, Integer> chain(String name, int length) {
        var builder = FlowBuilder.workflow(name, Integer.class);
        StepKey<Integer> last = StepKey.of("step_1", Integer.class);
        builder.step(last, in -> 1);
        for (int i = 2; i <= length; i++) {
            StepKey<Integer> next = StepKey.of("step_" + i, Integer.class);
            builder.step(next, after(last), in -> 1);
            last = next;
        }
        return builder.returns(last);
    }

    /** From the first start to the moment at which a listener has heard that the last run ended. */
    private static void throughput(Pgflow pgflow, Workflow<Integer, Integer> workflow, int runs, int steps)
            throws InterruptedException {
        double[] seconds = new double[ROUNDS];
        round(pgflow, workflow, runs);
        for (int i = 0; i < ROUNDS; i++) {
            seconds[i] = round(pgflow, workflow, runs);
        }
        String all = Arrays.toString(
                Arrays.stream(seconds).map(s -> Math.round(s * 100) / 100.0).toArray());
        Arrays.sort(seconds);
        double median = seconds[ROUNDS / 2];
        System.out.printf(
                "%-28s %10.2f %,12.0f %,12.0f   %s%n",
                String.format("%,d runs of %d step%s", runs, steps, steps == 1 ? "" : "s"),
                median,
                runs / median,
                runs * steps / median,
                all);
    }

    private static double round(Pgflow pgflow, Workflow<Integer, Integer> workflow, int runs)
            throws InterruptedException {
        var ended = new CountDownLatch(runs);
        long began = System.nanoTime();
        try (var events = pgflow.events().subscribe(event -> count(event, ended))) {
            pgflow.executor().startAll(workflow, Collections.nCopies(runs, 1), StartOptions.none());
            if (!ended.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException(ended.getCount() + " runs have not ended at event " + events.cursor());
            }
        }
        return (System.nanoTime() - began) / 1e9;
    }

    private static void count(Event event, CountDownLatch ended) {
        if (event.type() == EventType.WORKFLOW_COMPLETED) {
            ended.countDown();
        }
    }

    /** One run at a time on an engine that has nothing else to do, from the call of start to the result. */
    private static void latency(Pgflow pgflow, int runs) throws InterruptedException {
        long[] nanos = new long[runs];
        for (int i = 0; i < runs; i++) {
            long began = System.nanoTime();
            pgflow.executor().start(ONE_STEP, i).await(PATIENCE);
            nanos[i] = System.nanoTime() - began;
        }
        Arrays.sort(nanos);
        System.out.printf(
                "%none run of one step, idle engine, start to result: p50 %.1f ms, p99 %.1f ms (%d runs)%n",
                nanos[runs / 2] / 1e6, nanos[runs * 99 / 100] / 1e6, runs);
    }

    private static HikariDataSource pool(EmbeddedPostgresServer server) {
        var config = new HikariConfig();
        config.setJdbcUrl(server.jdbcUrl("postgres"));
        config.setMaximumPoolSize(10);
        return new HikariDataSource(config);
    }
}
