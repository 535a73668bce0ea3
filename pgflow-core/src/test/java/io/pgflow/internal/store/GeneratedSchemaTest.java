package io.pgflow.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedSchemaTest {

    @Test
    void the_committed_sources_are_those_of_the_migrated_schema(@TempDir Path folder) throws Exception {
        GenerateSchema.into(folder);
        Map<String, String> committed = sources(Path.of("src/generated/java"));
        Map<String, String> generated = sources(folder);
        Set<String> files = new TreeSet<>(committed.keySet());
        files.addAll(generated.keySet());

        assertThat(files)
                .as("the SQL has changed: run '%s' and commit src/generated/java", GenerateSchema.COMMAND)
                .isNotEmpty()
                .allSatisfy(file -> assertThat(committed.get(file)).isEqualTo(generated.get(file)));
    }

    private static Map<String, String> sources(Path folder) throws IOException {
        Map<String, String> sources = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(Files::isRegularFile)
                    .forEach(file -> sources.put(folder.relativize(file).toString(), read(file)));
        }
        return sources;
    }

    private static String read(Path file) {
        try {
            // Which warnings jOOQ suppresses depends on the JVM that it runs on.
            return Files.readString(file).replace(", \"this-escape\"", "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
