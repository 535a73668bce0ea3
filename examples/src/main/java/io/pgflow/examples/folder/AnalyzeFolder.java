package io.pgflow.examples.folder;

import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.examples.ExampleDatabase;
import io.pgflow.examples.folder.FolderFlow.Folder;
import io.pgflow.examples.folder.FolderFlow.Language;
import io.pgflow.examples.folder.FolderFlow.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is in a folder of source code? Lists its text files, hashes and counts each, and reports: a table here and a JSON file.
 * On the way it shows the run live, a failure that is retried, and at the end its graph and where the time went.
 */
public final class AnalyzeFolder {

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private AnalyzeFolder() {}

    /** Two arguments: the folder (default: this project), and the file for the report (default: target/folder-report.json). */
    public static void main(String[] args) throws Exception {
        Path folder = args.length > 0 ? Path.of(args[0]) : project();
        Path file = Path.of(args.length > 1 ? args[1] : "target/folder-report.json");
        var settings = PgflowSettings.builder().maxPayloadBytes(16 << 20).build(); // lists of up to 10,000 paths

        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource())
                        .with(FolderFlow.FLOW)
                        .settings(settings)
                        .start()) {
            var progress = new Progress(FolderFlow.FLOW.definition());
            pgflow.events().subscribe(progress::on);

            System.out.println("analyzing " + folder.toAbsolutePath().normalize());
            var run = pgflow.executor()
                    .start(
                            FolderFlow.FLOW,
                            new Folder(folder.toAbsolutePath().normalize().toString()));
            Report report = run.await(Duration.ofMinutes(10));
            progress.awaitEnd(run.id());

            print(report);
            write(report, file);
            System.out.println("\n" + FolderFlow.FLOW.toMermaid());
            print(StepTimings.of(FolderFlow.FLOW.definition(), pgflow.executor().events(run.id())));
        }
    }

    private static void print(Report report) {
        System.out.printf("%n%-12s %7s %10s %10s %12s%n", "language", "files", "lines", "words", "bytes");
        report.languages().forEach(AnalyzeFolder::print);
        print(report.total());
        System.out.println("\nfiles of the same content: " + report.duplicates().size() + " groups");
        report.duplicates().stream().limit(3).forEach(same -> System.out.println("  " + String.join(" = ", same)));
    }

    private static void print(Language row) {
        System.out.printf("%-12s %7d %10d %10d %12d%n", row.name(), row.files(), row.lines(), row.words(), row.bytes());
    }

    private static void print(List<StepTimings> timings) {
        System.out.printf(
                "%-12s %7s %8s %16s %12s %12s%n", "step", "tasks", "retries", "first to last", "mean", "longest");
        timings.forEach(step -> System.out.printf(
                "%-12s %7d %8d %13d ms %9d ms %9d ms%n",
                step.step(),
                step.tasks(),
                step.retries(),
                step.fromFirstToLast().toMillis(),
                step.mean().toMillis(),
                step.longest().toMillis()));
    }

    private static void write(Report report, Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, JSON.writeValueAsString(report));
        System.out.println("the report is in " + file);
    }

    /** The outermost Maven project around the working folder. */
    private static Path project() {
        Path at = Path.of("").toAbsolutePath();
        while (at.getParent() != null && Files.exists(at.getParent().resolve("pom.xml"))) {
            at = at.getParent();
        }
        return at;
    }
}
