package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.workflow.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every Java block in the documents is a region of a source that the build compiles. */
class DocSnippetsTest {

    private static final String SOURCE = """
            class A {
                // region one
                int a;

                int b;
                // endregion
            }
            """;

    private final DocSnippets sample =
            new DocSnippets(path -> Optional.ofNullable(Map.of("A.java", SOURCE).get(path)));

    @Test
    void every_java_block_of_the_documents_is_the_region_it_names() throws IOException {
        Path root = root();
        DocSnippets snippets = new DocSnippets(path -> text(root.resolve(path)));
        List<String> complaints = new ArrayList<>();
        for (Path document : documents(root)) {
            complaints.addAll(snippets.complaints(
                    root.relativize(document).toString(), text(document).orElse("")));
        }

        assertThat(complaints).isEmpty();
    }

    @Test
    void a_block_that_is_its_region_is_fine_whatever_its_indentation() {
        assertThat(complaints("A.java#one", "int a;\n\nint b;\n")).isEmpty();
        assertThat(complaints("A.java#one", "  int a;\n\n  int b;\n")).isEmpty();
    }

    @Test
    void a_block_that_differs_or_names_nothing_is_complained_about() {
        assertThat(complaints("A.java#one", "int a;\nint b;\n"))
                .singleElement()
                .asString()
                .startsWith("doc:3: the block");
        assertThat(complaints("A.java#two", "int a;\n")).containsExactly("doc:3: there is no region two in A.java");
        assertThat(complaints("B.java#one", "int a;\n")).containsExactly("doc:3: there is no file B.java");
        assertThat(sample.complaints("doc", "# Title\n\n```java\nint a;\n```\n"))
                .containsExactly("doc:3: put <!-- snippet: path#region --> above the java block");
    }

    @Test
    void the_table_of_problems_has_a_row_for_every_code() throws IOException {
        String document = Files.readString(root().resolve("docs/defining-workflows.md"));

        assertThat(document.lines()
                        .filter(line -> line.startsWith("| PGF-WFL-"))
                        .map(line -> line.substring(2, 13)))
                .containsExactlyElementsOf(Arrays.stream(ProblemCode.values())
                        .map(ProblemCode::code)
                        .toList());
    }

    private List<String> complaints(String reference, String block) {
        return sample.complaints("doc", "\n<!-- snippet: " + reference + " -->\n```java\n" + block + "```\n");
    }

    private static List<Path> documents(Path root) throws IOException {
        try (Stream<Path> docs = Files.walk(root.resolve("docs"))) {
            return Stream.concat(docs, Stream.of(root.resolve("README.md")))
                    .filter(path -> path.toString().endsWith(".md"))
                    .filter(Files::exists)
                    .sorted()
                    .toList();
        }
    }

    private static Optional<String> text(Path path) {
        try {
            return Files.exists(path) ? Optional.of(Files.readString(path)) : Optional.empty();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("pgflow-dsl"))) {
            at = Optional.ofNullable(at.getParent()).orElseThrow();
        }
        return at;
    }
}
