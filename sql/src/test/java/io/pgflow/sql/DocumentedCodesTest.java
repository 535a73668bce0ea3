package io.pgflow.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whoever meets an error code finds it in docs/operations.md, and nothing else stands there. */
class DocumentedCodesTest {
    private static final Pattern CODE = Pattern.compile("PGF-[A-Z]+-\\d{3}");
    private static final Pattern SQL_STATE = Pattern.compile("\\bPF\\d{3}\\b");

    @Test
    void every_error_code_of_the_sources_is_documented_and_no_other() throws IOException {
        Set<String> used = inSources(CODE, ".java", ".sql");

        assertThat(used).contains("PGF-SCH-001", "PGF-DAT-010");
        assertThat(rowsOf(CODE)).containsExactlyElementsOf(used);
    }

    @Test
    void every_sqlstate_of_the_sql_is_documented_and_no_other() throws IOException {
        Set<String> used = inSources(SQL_STATE, ".sql");

        assertThat(used).contains("PF001");
        assertThat(rowsOf(SQL_STATE)).containsExactlyElementsOf(used);
    }

    /** What the tables of the page begin their rows with. */
    private static Set<String> rowsOf(Pattern code) {
        return Docs.operations()
                .lines()
                .filter(line -> line.startsWith("| "))
                .map(line -> line.substring(2, line.indexOf(" |", 2)))
                .filter(code.asMatchPredicate())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> inSources(Pattern code, String... endings) throws IOException {
        try (Stream<Path> files = Files.walk(Docs.root(), 20)) {
            return files.filter(file -> isSource(Docs.root().relativize(file), List.of(endings)))
                    .flatMap(file -> code.matcher(Docs.text(file)).results().map(MatchResult::group))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static boolean isSource(Path file, List<String> endings) {
        return file.toString().replace('\\', '/').contains("/src/main/")
                && endings.stream().anyMatch(file.toString()::endsWith);
    }
}
