package io.pgflow.benchmarks;

import io.pgflow.benchmarks.contender.Contenders;
import io.pgflow.benchmarks.harness.Crew.ChildOptions;
import io.pgflow.benchmarks.harness.DatabaseServer;
import io.pgflow.benchmarks.harness.Machine;
import io.pgflow.benchmarks.micro.MicroBenchmarks;
import io.pgflow.benchmarks.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How fast is it here, and beside its neighbours? Measures workloads, prints a table for each, and keeps the numbers as JSON.
 * {@code benchmarks/README.md} says how to run it and how to read what it prints.
 */
public final class Benchmarks {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss");

    private Benchmarks() {}

    /**
     * Ends with 0 when everything was measured, with 1 when a contender failed or a check found something too slow, with 2 when the
     * options are not understood.
     */
    public static void main(String[] args) throws Exception {
        String words = String.join(" ", args).strip();
        if (words.contains("help")) {
            System.out.println(Options.usage());
        } else if (words.equals("jmh")) {
            MicroBenchmarks.run();
        } else if (words.equals("charts")) {
            System.out.println("drawn: " + new Documents(module().resolve("../docs")).write());
        } else {
            System.exit(measure(words));
        }
    }

    private static int measure(String words) throws SQLException, IOException {
        try {
            boolean check = words.equals("check") || words.startsWith("check ");
            boolean good = check ? check(words.substring("check".length())) : run(words);
            return good ? 0 : 1;
        } catch (InvalidOptionsException e) {
            System.err.println(e.getMessage() + "\n\n" + Options.usage());
            return 2;
        }
    }

    /** Whether every contender that took part did all its work, correctly. */
    static boolean run(String words) throws SQLException, IOException {
        return run(words, Options.parse(words), fileOfNow());
    }

    /**
     * The same with a file of one's own. It is written after each workload, so a command that is cut off loses only the one that it was
     * measuring; the copy among the documents is of whole commands.
     */
    static boolean run(String command, Options options, Path file) throws SQLException, IOException {
        try (DatabaseServer server = server(options)) {
            var results = new Results(command, options.described(), Machine.described(), server.settings());
            results.machine().forEach((name, value) -> System.out.println(name + ": " + value));
            results.options().forEach((name, value) -> System.out.println(name + ": " + value));
            results.server().forEach((name, value) -> System.out.println("PostgreSQL, " + name + ": " + value));
            List<String> present = present(options.contenders());
            var contest = new Contest(server, present, options.rounds(), childOptions(options), Benchmarks::progress);
            for (Workload workload : options.workloads()) {
                Result result = contest.measure(workload, options.sizes());
                results = results.with(result);
                results.write(file);
                System.out.println("\n" + new Table(result, present));
            }
            System.out.println();
            results.contenders().forEach((name, text) -> System.out.println(name + ": " + text));
            System.out.println("\n" + Table.LEGEND + "\n\nevery round: " + file.normalize());
            copy(options, results);
            return results.results().stream()
                    .allMatch(result -> result.failures().isEmpty());
        }
    }

    /** Whether nothing has become much slower, beside plain SQL. */
    static boolean check(String words) throws SQLException {
        Options options = Options.parse(words);
        try (DatabaseServer server = server(options)) {
            var ours = List.of(Contenders.OURS);
            var contest = new Contest(server, ours, options.rounds(), childOptions(options), Benchmarks::progress);
            Machine.described().forEach((name, value) -> System.out.println(name + ": " + value));
            ReleaseCheck check = ReleaseCheck.measured(contest, options);
            System.out.println("\n" + new Table(check.result(), ours) + "\n\n" + check.report());
            return check.passed();
        }
    }

    private static DatabaseServer server(Options options) throws SQLException {
        return options.url().isPresent() ? DatabaseServer.given(options.url().get()) : DatabaseServer.embedded();
    }

    /** Maven starts this in its module, a person where he stands. */
    private static Path module() {
        return Files.isDirectory(Path.of("benchmarks")) ? Path.of("benchmarks") : Path.of(".");
    }

    /** Those that can run on this machine. */
    private static List<String> present(List<String> contenders) {
        var present = new ArrayList<String>();
        for (String contender : contenders) {
            Optional<String> missing = Contenders.missing(contender);
            missing.ifPresentOrElse(
                    why -> System.out.println("left out: " + contender + ", since " + why),
                    () -> present.add(contender));
        }
        return List.copyOf(present);
    }

    private static ChildOptions childOptions(Options options) {
        var java = List.of("-Xmx" + options.heap(), "-Xlog:disable", "-Xlog:all=warning:stderr");
        return new ChildOptions(
                java, Map.of("PGFLOW_NOTIFICATIONS", String.valueOf(options.notifications())), options.patience());
    }

    private static void progress(String what) {
        System.err.println(LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS) + " " + what);
    }

    private static Path fileOfNow() {
        String time = LocalDateTime.now(ZoneId.systemDefault()).format(TIME);
        return module().resolve("target/results/" + time + ".json");
    }

    private static void copy(Options options, Results results) throws IOException {
        if (options.keep().isPresent()) {
            Path copy = module().resolve("../docs/performance/" + options.keep().get() + ".json");
            results.write(copy);
            System.out.println("copied to " + copy.normalize());
        }
    }
}
