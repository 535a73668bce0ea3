package io.pgflow.benchmarks.contender;

import io.pgflow.npm.NpmPackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * pgflow's own SQL and the pgmq that it needs, as their npm packages have them.
 *
 * <p>npm fetches them into target/ once; nothing of them is kept in the project. Of the versions of pgflow that were tried, the
 * newest that npm serves is taken.
 *
 * @param folder where both are unpacked
 * @param version of pgflow
 */
record PgflowSqlPackage(Path folder, String version) {

    private static final Path TARGET = Path.of("target", "pgflow-sql").toAbsolutePath();
    private static final List<String> VERSIONS = List.of("0.14.1", "0.8.1");
    private static final Pattern EXTENSIONS = Pattern.compile("(?im)^\\s*create extension[^;]*;");

    /** Throws when npm is not there or does not have them. */
    static PgflowSqlPackage fetch() throws IOException {
        for (String version : VERSIONS) {
            if (Files.isDirectory(TARGET.resolve(version))) {
                return new PgflowSqlPackage(TARGET.resolve(version), version);
            }
        }
        IOException last = new IOException("no version to fetch");
        for (String version : VERSIONS) {
            try {
                return fetched(new NpmPackage("@pgflow/core", version));
            } catch (IOException e) {
                last = e;
            }
        }
        throw new IOException(
                "npm does not fetch @pgflow/core and " + NpmPackage.PGMQ + ": " + last.getMessage(), last);
    }

    private static PgflowSqlPackage fetched(NpmPackage pgflow) throws IOException {
        Path folder = TARGET.resolve(pgflow.version());
        NpmPackage.once(folder, work -> {
            pgflow.unpack(work.resolve("pgflow"));
            NpmPackage.unpackPgmq(work.resolve("pgmq"));
        });
        return new PgflowSqlPackage(folder, pgflow.version());
    }

    /** pgmq as one script for a server without the extension, which is how its authors install it there. */
    String pgmq() throws IOException {
        return Files.readString(folder.resolve("pgmq/share/postgresql/extension/pgmq--1.11.1.sql"));
    }

    /** Its migrations in order, but for the extensions that they ask for, which are a matter of the server. */
    List<String> migrations() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("pgflow/package/dist/supabase/migrations"))) {
            List<Path> inOrder = files.filter(file -> file.toString().endsWith(".sql"))
                    .sorted()
                    .toList();
            var scripts = new ArrayList<String>();
            for (Path file : inOrder) {
                scripts.add(EXTENSIONS.matcher(Files.readString(file)).replaceAll(""));
            }
            return scripts;
        }
    }
}
