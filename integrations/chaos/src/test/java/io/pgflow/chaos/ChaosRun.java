package io.pgflow.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.executor.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Everything fails, for as long as {@code -Dminutes} says (1), in the order that {@code -Dseed} says (42); then all is healed, and whatever
 * is promised is checked. {@code -Drate} is how many runs start in a second (4), {@code -Dreport=true} writes the page in docs.
 */
class ChaosRun {

    private static final Duration LEASE = PgflowSettings.defaults().expiresAfter();
    private static final Duration LONGEST_NAP = Duration.ofMillis(200);
    private static final Duration QUIET_WITHIN = Duration.ofSeconds(60);
    private static final int WORKERS = 4;

    private static final Duration STARTED_WITHIN = Duration.ofMinutes(2);

    private static final String STARTED = "select count(*) from pgflow.workers where name like 'w_-1'";
    private static final String LEFT = """
            select (select count(*) from pgflow.runs where ended_at is null)
                + (select count(*) from pgflow.unsettled_steps) + (select count(*) from pgflow.timers)
            """;

    private final ChaosSetting setting = ChaosSetting.ofProperties();
    private final Path folder = Path.of("target", "chaos-" + setting.seed());
    /** By run that was acknowledged: its workflow, or {@code cancelled}. */
    private final Map<UUID, String> acknowledged = new ConcurrentHashMap<>();

    @Test
    @Timeout(value = 9, unit = TimeUnit.HOURS)
    void whatever_breaks_every_promise_holds() throws Exception {
        prepareFolder();
        if (!setting.clocks()) {
            System.err.println("NOT REACHED: no worker has a wrong clock, since the program faketime is not installed");
        }
        Findings findings;
        try (ChaosDatabase database = new ChaosDatabase()) {
            try {
                findings = rage(database);
            } finally {
                database.copyLogTo(folder.resolve("server.log"));
            }
        }
        String report = new ReportPage(findings).text();
        Files.writeString(folder.resolve("report.md"), report);
        System.out.println(report);
        if (Boolean.getBoolean("report")) {
            Files.writeString(Path.of("..", "..", "docs", "reliability-report.md"), report);
        }
        assertThat(findings.violations()).isEmpty();
        assertThat(findings.vacuous()).isEmpty();
    }

    private Findings rage(ChaosDatabase database) throws Exception {
        PgflowSettings settings = PgflowSettings.builder().workerName("driver").build();
        try (Pgflow pgflow = Pgflow.on(database.dataSource()).settings(settings).start();
                Crew crew = new Crew(database.port(), setting.seed(), workers());
                Load load = new Load(pgflow.executor(), setting.rate(), setting.seed(), this::acknowledge)) {
            define(pgflow);
            await().atMost(STARTED_WITHIN)
                    .until(() -> Evidence.lines(database.dataSource(), STARTED).equals(List.of("" + WORKERS)));
            long until = System.nanoTime() + (long) (setting.minutes() * 60e9);
            var starting = CompletableFuture.runAsync(() -> {
                try {
                    load.run(until);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            List<Fault> faults = new Nemesis(database, crew, LEASE, setting.seed(), setting.kinds()).rage(until);
            starting.get(5, TimeUnit.MINUTES);
            long quiet = awaitQuiet(database);
            return check(database, pgflow, load, faults, quiet);
        }
    }

    private void acknowledge(Run<?> run, String kind) {
        acknowledged.put(run.id(), kind);
    }

    private static void define(Pgflow pgflow) {
        new Workload(null, Duration.ZERO).all().forEach(pgflow.executor()::define);
    }

    /** Two of them have a wrong clock, where that can be had: no process decides anything by its own. */
    private List<WorkerProcess.Setting> workers() throws IOException {
        Duration life = Duration.ofMinutes((long) setting.minutes() + 10);
        List<WorkerProcess.Setting> settings = new ArrayList<>();
        List<String> options = List.of("-cp", System.getProperty("java.class.path"));
        for (int i = 0; i < WORKERS; i++) {
            Map<String, String> clock =
                    !setting.clocks() || i < 2 ? Map.of() : WrongClock.environment(i == 2 ? "+1h" : "-1h");
            settings.add(
                    new WorkerProcess.Setting(folder, LEASE, LONGEST_NAP, life, WorkerProcess.jvm(options), clock));
        }
        return settings;
    }

    /** How long it takes until nothing is left to do, in milliseconds; the bound and more when it never comes. */
    private static long awaitQuiet(ChaosDatabase database) throws InterruptedException {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < QUIET_WITHIN.toNanos() && !isQuiet(database)) {
            Thread.sleep(100);
        }
        return Duration.ofNanos(System.nanoTime() - begun).toMillis();
    }

    private static boolean isQuiet(ChaosDatabase database) {
        try {
            return Evidence.lines(database.dataSource(), LEFT).equals(List.of("0"));
        } catch (SQLException e) {
            return false; // the pool may still have connections that broke
        }
    }

    private Findings check(ChaosDatabase database, Pgflow pgflow, Load load, List<Fault> faults, long quiet)
            throws SQLException, IOException {
        Attempts attempts = Attempts.read(database.dataSource(), folder.resolve("audit.txt"));
        Effects effects = Effects.in(folder);
        Map<UUID, String> states = Evidence.states(database.dataSource());
        Files.write(
                folder.resolve("faults.txt"),
                faults.stream().map(Fault::toString).toList());

        var findings = new Findings(setting, database.version(), faults, attempts, quiet);
        findings.violations("verify", pgflow.verify());
        findings.violations("an acknowledged run", Evidence.lostRuns(states, acknowledged.keySet()));
        findings.violations("the ledger", Evidence.lines(database.dataSource(), Evidence.LEDGER));
        findings.violations(
                "the journals",
                effects.wrong(
                        Evidence.tasks(database.dataSource()), task -> Evidence.faultsMet(task, attempts, faults)));
        findings.violations("the faults", Evidence.unharmed(attempts.all(), faults));
        findings.violations("the server's log", database.logged("deadlock detected"));
        if (quiet >= QUIET_WITHIN.toMillis()) {
            findings.violations("quiescence", List.of("work was left after " + QUIET_WITHIN));
        }
        findings.runs(acknowledged, states, load.refused(), load.decided());
        findings.effects(effects);
        return findings;
    }

    private void prepareFolder() throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
        Files.createDirectories(folder);
    }
}
