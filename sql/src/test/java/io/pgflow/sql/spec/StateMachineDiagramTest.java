package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class StateMachineDiagramTest extends Specification {
    private static final Path PAGE = Path.of(System.getProperty("basedir", "."), "..", "docs", "state-machine.md")
            .normalize();

    @Test
    void the_page_in_docs_is_what_the_list_of_transitions_says() throws IOException {
        String generated = StateMachineDiagram.markdown(db);
        if (Boolean.getBoolean("pgflow.write-docs")) {
            Files.createDirectories(PAGE.getParent());
            Files.writeString(PAGE, generated);
        }

        assertThat(PAGE)
                .as("docs/state-machine.md is out of date; write it anew: %s", StateMachineDiagram.COMMAND)
                .exists()
                .hasContent(generated);
    }
}
