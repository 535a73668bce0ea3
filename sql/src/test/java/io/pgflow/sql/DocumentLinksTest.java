package io.pgflow.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whoever follows a link in the documents arrives, and whoever doubts a feature finds its test, and the sentence in it. */
class DocumentLinksTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^()\\s]+)\\)");
    private static final Pattern CODE_BLOCK = Pattern.compile("(?s)```.*?```");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");
    private static final Pattern TEST = Pattern.compile("\\]\\(\\S+/src/test/java/\\S+\\.java(#\\w+)?\\)");

    @Test
    void every_link_leads_to_a_file_and_a_heading_that_exist() throws IOException {
        List<Path> documents = documents();

        assertThat(documents).hasSizeGreaterThan(10);
        assertThat(documents)
                .allSatisfy(document -> assertThat(linksOf(document).filter(link -> !arrives(document, link)))
                        .as(document.getFileName().toString())
                        .isEmpty());
    }

    @Test
    void every_feature_names_its_test() {
        List<String> features = Docs.text(Docs.root().resolve("docs/features.md"))
                .lines()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| feature |"))
                .toList();

        assertThat(features)
                .hasSizeGreaterThan(5)
                .allSatisfy(row -> assertThat(row).containsPattern(TEST));
    }

    private static List<Path> documents() throws IOException {
        try (Stream<Path> files = Files.walk(Docs.root(), 20)) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .filter(file -> Stream.of("target", "node_modules")
                            .noneMatch(built -> Docs.root().relativize(file).startsWith(built)
                                    || file.toString().contains("/" + built + "/")))
                    .toList();
        }
    }

    private static Stream<String> linksOf(Path document) {
        return LINK.matcher(CODE_BLOCK.matcher(Docs.text(document)).replaceAll(""))
                .results()
                .map(link -> link.group(1))
                .filter(link -> !link.contains("://") && !link.startsWith("mailto:"));
    }

    private static boolean arrives(Path document, String link) {
        String[] parts = link.split("#", 2);
        Path file = parts[0].isEmpty() ? document : document.resolveSibling(parts[0]);
        return Files.exists(file) && (parts.length == 1 || has(file, parts[1]));
    }

    /** Of a test the anchor is the name of a method. */
    private static boolean has(Path file, String anchor) {
        return file.toString().endsWith(".java")
                ? Docs.text(file).contains(" void " + anchor + "(")
                : hasHeading(file, anchor);
    }

    private static boolean hasHeading(Path file, String anchor) {
        return HEADING.matcher(Docs.text(file))
                .results()
                .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .anyMatch(anchor::equals);
    }
}
