package io.pgflow.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.chaos.CrashPoint.Moment;
import io.pgflow.embedded.EmbeddedPostgresServer;
import io.pgflow.executor.Executor;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.state.RunState;
import io.pgflow.workflow.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Before and after each call that a worker makes its process ends, as with {@code kill -9}; another one takes over, and nothing is lost or
 * done twice. A point that the process never came to is an error.
 */
class CrashPointTest {

    private static final int LANES = 4;
    private static final String TEMPLATE = "prepared";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LEASE = Duration.ofSeconds(3);
    private static final Duration LONGEST_NAP = Duration.ofMillis(40);
    private static final Duration LONG_NAP = Duration.ofSeconds(1);
    private static final int KILLED = 9;
    /** Of the runs of a point: those with an effect. */
    private static final int TASKS = 53;

    private static EmbeddedPostgresServer server;

    private static ClassArchive archive;

    @TempDir
    static Path folder;

    @BeforeAll
    static void start() throws SQLException, IOException, InterruptedException {
        server = EmbeddedPostgresServer.builder()
                .setting("max_connections", "150")
                .inMemory() // it is processes that end here
                .start();
        server.createDatabase(TEMPLATE);
        PgflowSchema.migrate(server.dataSource(TEMPLATE));
        ChaosDatabase.createLedger(server.dataSource(TEMPLATE));
        archive = ClassArchive.in(folder);
        writeArchive();
    }

    private static void writeArchive() throws IOException, InterruptedException {
        server.createDatabase("archive", TEMPLATE);
        WorkerProcess writer =
                setting(folder, LONGEST_NAP, archive.optionsToWrite()).start("writer", server.jdbcUrl("archive"));
        writer.askToStop();
        assertThat(writer.awaitEnd(PATIENCE)).isZero();
    }

    private static WorkerProcess.Setting setting(Path folder, Duration nap, List<String> options) {
        return new WorkerProcess.Setting(folder, LEASE, nap, PATIENCE, WorkerProcess.jvm(options), Map.of());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** A call, and at which of its hits: the second one where what comes first in a process is like no other. */
    private static Stream<CrashPoint> points() {
        Map<String, List<Integer>> hits = new LinkedHashMap<>();
        for (String function : List.of(
                "define_workflow",
                "register_worker",
                "upkeep_due",
                "step_inputs",
                "open_transaction",
                "fire_timers",
                "heartbeat",
                "admit_tasks",
                "reuse_outputs",
                "cache_outputs",
                "expire_workers",
                "complete_in_transaction",
                "fail_tasks",
                "settle_steps",
                "release_tasks",
                "retire_worker")) {
            hits.put(function, List.of(1));
        }
        for (String function : List.of("claim_tasks", "complete_tasks", "commit")) {
            hits.put(function, List.of(1, 2));
        }
        return hits.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream()
                        .flatMap(hit ->
                                Stream.of(Moment.values()).map(moment -> new CrashPoint(entry.getKey(), moment, hit))))
                .filter(point -> point.toString().startsWith(System.getProperty("point", "")));
    }

    /** Some at a time, since a process takes a second to start; each in a database of its own. */
    @TestFactory
    Stream<DynamicTest> whoever_takes_over_ends_everything_once() {
        ExecutorService lanes = Executors.newFixedThreadPool(LANES);
        Map<CrashPoint, Future<?>> ends = new LinkedHashMap<>();
        points().forEach(point -> ends.put(point, lanes.submit(() -> {
            String database = point.toString().replace(':', '_');
            server.createDatabase(database, TEMPLATE);
            new Sweep(point, database).run();
            server.dropDatabase(database);
            return null;
        })));
        lanes.shutdown();
        assertThat(ends).as("points, some of which -Dpoint may choose").isNotEmpty();
        return ends.entrySet().stream()
                .map(end -> DynamicTest.dynamicTest(end.getKey().toString(), () -> result(end.getValue())));
    }

    private static void result(Future<?> end) throws Throwable {
        try {
            end.get(PATIENCE.toSeconds() * 3, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    /** One point: runs are started, a process dies with them, and this one goes on with them. */
    private record Sweep(CrashPoint point, String database) {

        void run() throws Exception {
            Path own = Files.createDirectory(folder.resolve(database));
            try (HikariDataSource pool = pool()) {
                run(own, pool);
            }
        }

        private HikariDataSource pool() {
            var config = new HikariConfig();
            config.setJdbcUrl(server.jdbcUrl(database));
            config.setMaximumPoolSize(12);
            config.setMinimumIdle(1);
            return new HikariDataSource(config);
        }

        private void run(Path own, DataSource dataSource) throws Exception {
            List<UUID> runs = startRuns(dataSource);
            if (point.function().equals("expire_workers")) {
                leaveAGhost(dataSource);
            }
            assertThat(lifeAndDeath(own))
                    .as("the process ended at its point; it said: " + said(own))
                    .isEqualTo(KILLED);
            letTimePass(dataSource);
            List<String> violations = goOn(own, dataSource, runs);

            assertThat(violations).isEmpty();
            assertThat(Evidence.lines(dataSource, Evidence.LEDGER)).isEmpty();
            Effects effects = Effects.in(own);
            assertThat(effects.tasks()).isEqualTo(TASKS);
            assertThat(effects.wrong(Evidence.tasks(dataSource), task -> 1)).isEmpty(); // the one fault is the crash
        }

        private int lifeAndDeath(Path own) throws IOException, InterruptedException {
            boolean atItsStop = List.of("release_tasks", "retire_worker").contains(point.function());
            boolean whileItWorks = atItsStop || point.function().equals("heartbeat");
            Duration nap = whileItWorks ? LONG_NAP : LONGEST_NAP; // so that something is under way then
            WorkerProcess.Setting setting = setting(own, nap, archive.optionsToUse());
            WorkerProcess victim = setting.start("victim", server.jdbcUrl(database), point);
            if (atItsStop) {
                await().atMost(PATIENCE)
                        .until(() -> !victim.isAlive() // it may have come to its point before
                                || !Journal.read(setting.journalOf("victim")).isEmpty());
                victim.askToStop();
            }
            return victim.awaitEnd(PATIENCE);
        }

        private static List<UUID> startRuns(DataSource dataSource) {
            Workload workload = new Workload(null, Duration.ZERO);
            List<UUID> runs = new ArrayList<>();
            try (Pgflow pgflow = Pgflow.on(dataSource)
                    .settings(PgflowSettings.builder().notifications(false).build())
                    .start()) {
                Executor executor = pgflow.executor();
                executor.define(workload.map());
                runs.add(executor.start(
                                workload.map(),
                                IntStream.rangeClosed(1, 20).boxed().toList())
                        .id());
                for (Workflow<String, String> workflow : List.of(
                        workload.retries(),
                        workload.retries(),
                        workload.nap(),
                        workload.chain(),
                        workload.diamond(),
                        workload.gated())) {
                    executor.define(workflow);
                    runs.add(executor.start(workflow, "input").id());
                }
            }
            return runs;
        }

        /** A worker that nobody has heard of for long: somebody finds out, and tells of it. */
        private static void leaveAGhost(DataSource dataSource) throws SQLException {
            execute(dataSource, "select pgflow.register_worker('ghost', '{default}', '{}', interval '1 ms')");
        }

        /** The dead process is missed at once, instead of after its lease. */
        private static void letTimePass(DataSource dataSource) throws SQLException {
            execute(dataSource, "update pgflow.workers set heartbeat_at = heartbeat_at - interval '1 minute'");
        }

        private static void execute(DataSource dataSource, String sql) throws SQLException {
            try (Connection connection = dataSource.getConnection();
                    var statement = connection.createStatement()) {
                statement.execute(sql);
            }
        }

        /** Ends the runs, and gives what verify says when they have ended. */
        private static List<String> goOn(Path own, DataSource dataSource, List<UUID> runs)
                throws IOException, InterruptedException {
            PgflowSettings settings = PgflowSettings.builder()
                    .workerName("survivor")
                    .heartbeat(LEASE.dividedBy(4))
                    .expiresAfter(LEASE)
                    .pollInterval(LEASE.dividedBy(10))
                    .build();
            try (Journal journal = Journal.appendTo(own.resolve("survivor.journal"));
                    Pgflow pgflow = Pgflow.on(dataSource)
                            .with(new Workload(journal, LONGEST_NAP).all().toArray(Workflow<?, ?>[]::new))
                            .settings(settings)
                            .start()) {
                await().atMost(PATIENCE).until(() -> runs.stream().noneMatch(run -> isUnfinished(pgflow, run)));
                assertThat(runs)
                        .extracting(
                                run -> pgflow.executor().find(run).orElseThrow().state())
                        .containsOnly(RunState.SUCCEEDED);
                return pgflow.verify();
            }
        }

        private static boolean isUnfinished(Pgflow pgflow, UUID run) {
            return pgflow.executor().find(run).orElseThrow().endedAt().isEmpty();
        }

        private static String said(Path own) throws IOException {
            Path log = own.resolve("victim.log");
            return Files.exists(log) ? Files.readString(log) : "";
        }
    }
}
