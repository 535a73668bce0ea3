package io.pgflow.sql;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The documents, as files of this source tree. */
final class Docs {
    private static final Pattern SQL_BLOCK = Pattern.compile("(?s)```sql\\n(.*?)```");

    private Docs() {}

    /** The folder that everything is in. */
    static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("docs/decisions"))) {
            at = Optional.ofNullable(at.getParent()).orElseThrow();
        }
        return at;
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String operations() {
        return text(root().resolve("docs/operations.md"));
    }

    static List<String> sqlBlocks(String document) {
        return SQL_BLOCK
                .matcher(document)
                .results()
                .map(block -> block.group(1))
                .toList();
    }
}
