package io.pgflow.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.examples.folder.AnalyzeFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class AnalyzeFolderTest {

    @TempDir
    Path temp;

    @Test
    void text_files_are_counted_and_the_injected_failure_is_retried() throws Exception {
        Path folder = Files.createDirectories(temp.resolve("code"));
        Files.writeString(folder.resolve("A.java"), "class A {\n    int a;\n}\n");
        Files.writeString(folder.resolve("a.sql"), "select 1;\n");
        Files.writeString(folder.resolve("copy.sql"), "select 1;\n");
        Files.writeString(folder.resolve("größe.md"), "drei kleine Wörter\n");
        Files.write(folder.resolve("picture"), new byte[] {1, 0, 2});
        Files.createDirectories(folder.resolve("target"));
        Files.writeString(folder.resolve("target/Built.java"), "class Built {}\n");
        Path file = temp.resolve("report.json");

        String printed = analyze(folder, file);

        assertThat(printed)
                .contains("hash[0] failed at attempt 1 and will be tried again: injected: the disk was busy")
                .contains("list 1/1  hash 4/4  count 4/4  duplicates 1/1  languages 1/1  report 1/1")
                .containsPattern("Java +1 +3 +6 +23\n")
                .containsPattern("all +4 +6 +13 ")
                .contains("a.sql = copy.sql")
                .contains("s2 --> s4")
                .containsPattern("hash +4 +1 +\\d+ ms");
        JsonNode report = new ObjectMapper().readTree(Files.readString(file));
        assertThat(report.at("/total/files").asInt()).isEqualTo(4);
        assertThat(report.at("/languages/0/name").asString()).isEqualTo("Java");
    }

    @Test
    void a_folder_without_text_files_gives_an_empty_report() throws Exception {
        Path folder = Files.createDirectories(temp.resolve("empty"));

        assertThat(analyze(folder, temp.resolve("report.json")))
                .containsPattern("all +0 +0 +0 +0")
                .contains("hash 0/0  count 0/0");
    }

    private static String analyze(Path folder, Path file) throws Exception {
        return Printed.by(() -> AnalyzeFolder.main(new String[] {folder.toString(), file.toString()}));
    }
}
