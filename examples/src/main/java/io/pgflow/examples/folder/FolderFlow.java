package io.pgflow.examples.folder;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.over;
import static java.util.Comparator.comparingLong;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.StepInput;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/** The workflow: list the files, hash each, count in each what was hashed, and join all of it into one report. */
final class FolderFlow {

    /** What a run starts with. */
    record Folder(String path) {}

    record Source(String path, long bytes) {}

    record Hashed(String path, long bytes, String sha256) {}

    record Counted(String path, String language, long bytes, long lines, long words) {}

    record Language(String name, long files, long bytes, long lines, long words) {}

    /** What a run gives. */
    record Report(String folder, Language total, List<Language> languages, List<List<String>> duplicates) {}

    static final StepKey<List<Source>> LIST = StepKey.listOf("list", Source.class);
    static final StepKey<List<Hashed>> HASH = StepKey.listOf("hash", Hashed.class);
    static final StepKey<List<Counted>> COUNT = StepKey.listOf("count", Counted.class);
    static final StepKey<String[][]> DUPLICATES = StepKey.of("duplicates", String[][].class);
    static final StepKey<List<Language>> LANGUAGES = StepKey.listOf("languages", Language.class);
    static final StepKey<Report> REPORT = StepKey.of("report", Report.class);

    static final Workflow<Folder, Report> FLOW = FlowBuilder.workflow("analyze_folder", Folder.class)
            .step(LIST, in -> SourceTree.files(Path.of(in.input().path())))
            .map(HASH, over(LIST).retryDelay(Duration.ofMillis(200)), FolderFlow::hash)
            .map(COUNT, over(HASH), FolderFlow::count)
            .step(DUPLICATES, after(HASH), in -> duplicates(in.output(HASH)))
            .step(LANGUAGES, after(COUNT), in -> languages(in.output(COUNT)))
            .step(REPORT, after(LANGUAGES, DUPLICATES), FolderFlow::report)
            .returns(REPORT);

    private FolderFlow() {}

    private static Hashed hash(Source source, StepInput<Folder> in) throws Exception {
        failOnce(in.task());
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(read(in, source.path()));
        return new Hashed(source.path(), source.bytes(), HexFormat.of().formatHex(digest));
    }

    /** The transient failure of this demonstration: the first file cannot be read at the first attempt. */
    private static void failOnce(TaskContext task) throws IOException {
        if (task.itemIndex().orElse(-1) == 0 && task.attempt() == 1) {
            throw new IOException("injected: the disk was busy");
        }
    }

    private static Counted count(Hashed file, StepInput<Folder> in) throws IOException {
        long lines = 0;
        long words = 0;
        boolean inWord = false;
        for (byte b : read(in, file.path())) {
            boolean blank = b >= 0 && b <= ' ';
            lines += b == '\n' ? 1 : 0;
            words += !blank && !inWord ? 1 : 0;
            inWord = !blank;
        }
        return new Counted(file.path(), Languages.of(file.path()), file.bytes(), lines, words);
    }

    private static String[][] duplicates(List<Hashed> files) {
        return files.stream()
                .filter(file -> file.bytes() > 0)
                .collect(groupingBy(Hashed::sha256, TreeMap::new, mapping(Hashed::path, toList())))
                .values()
                .stream()
                .filter(same -> same.size() > 1)
                .map(same -> same.toArray(String[]::new))
                .toArray(String[][]::new);
    }

    private static List<Language> languages(List<Counted> files) {
        return files.stream().collect(groupingBy(Counted::language, TreeMap::new, toList())).entrySet().stream()
                .map(language -> new Language(
                        language.getKey(),
                        language.getValue().size(),
                        language.getValue().stream().mapToLong(Counted::bytes).sum(),
                        language.getValue().stream().mapToLong(Counted::lines).sum(),
                        language.getValue().stream().mapToLong(Counted::words).sum()))
                .sorted(comparingLong(Language::bytes).reversed())
                .toList();
    }

    private static Report report(StepInput<Folder> in) {
        List<Language> languages = in.output(LANGUAGES);
        var total = new Language(
                "all",
                languages.stream().mapToLong(Language::files).sum(),
                languages.stream().mapToLong(Language::bytes).sum(),
                languages.stream().mapToLong(Language::lines).sum(),
                languages.stream().mapToLong(Language::words).sum());
        List<List<String>> duplicates =
                List.of(in.output(DUPLICATES)).stream().map(List::of).toList();
        return new Report(in.input().path(), total, languages, duplicates);
    }

    private static byte[] read(StepInput<Folder> in, String path) throws IOException {
        return Files.readAllBytes(Path.of(in.input().path(), path));
    }
}
