package io.pgflow.sql;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * A file under {@code pgflow/migration}, named as Flyway names them: {@code V002__transitions.sql} runs once, {@code R__10_clock.sql} runs
 * again whenever it changes.
 *
 * @param version the version as written, empty for a repeatable file
 */
record MigrationFile(String name, Optional<String> version, String description, String text) {
    static final String FOLDER = "pgflow/migration";
    private static final Pattern NAME = Pattern.compile("(?:V([0-9]+)|R)__([A-Za-z0-9_]+)\\.sql");

    /** Flyway's order: the versions by number, then the repeatable files by description. */
    private static final Comparator<MigrationFile> EXECUTION_ORDER = Comparator.comparing(
                    (MigrationFile file) -> file.version().isEmpty())
            .thenComparing(file -> file.version().map(Long::valueOf).orElse(0L))
            .thenComparing(MigrationFile::description);

    /** All files, in the order in which they are executed. */
    static List<MigrationFile> all() {
        return names().map(MigrationFile::of).sorted(EXECUTION_ORDER).toList();
    }

    static String read(String resource) {
        try (InputStream stream = PgflowSchema.class.getClassLoader().getResourceAsStream(resource)) {
            if (stream == null) {
                throw new IllegalStateException(
                        resource + " is not on the class path; is the pgflow-sql jar complete?");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The sum that Flyway keeps in the history to notice a change: over the lines, without their ends. */
    int checksum() {
        CRC32 sum = new CRC32();
        text.lines().forEach(line -> sum.update(line.getBytes(StandardCharsets.UTF_8)));
        return (int) sum.getValue();
    }

    private static MigrationFile of(String name) {
        Matcher parts = NAME.matcher(name);
        if (!parts.matches()) {
            throw new IllegalStateException(name + " is not named like V002__tables.sql or R__10_function.sql");
        }
        return new MigrationFile(
                name, Optional.ofNullable(parts.group(1)), parts.group(2).replace('_', ' '), read(FOLDER + "/" + name));
    }

    private static Stream<String> names() {
        URL folder = PgflowSchema.class.getClassLoader().getResource(FOLDER);
        if (folder == null) {
            return Stream.empty();
        }
        try {
            URI uri = folder.toURI();
            if (uri.getScheme().equals("file")) {
                return namesIn(Path.of(uri));
            }
            try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
                return namesIn(jar.getPath("/" + FOLDER));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("cannot read the folder " + folder, e);
        }
    }

    private static Stream<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files
                    .map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.endsWith(".sql"))
                    .toList()
                    .stream();
        }
    }
}
