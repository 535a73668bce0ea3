package io.pgflow.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.pgflow.embedded.EmbeddedPostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * A server of its own that offers the genuine pgmq extension.
 *
 * <p>The extension's files come out of a package that npm fetches into target/ once. Where npm is not there, the tests that need it are
 * skipped with a line that nobody can miss; on a build server (CI=true) they fail instead.
 */
final class GenuinePgmq {
    private static final String PACKAGE = "@electric-sql/pglite-pgmq@0.0.6";
    private static final Path FOLDER = Path.of("target", "genuine-pgmq").toAbsolutePath();
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    private GenuinePgmq() {}

    /** An empty database on a server that offers the extension. */
    static DataSource freshDatabase() {
        EmbeddedPostgresServer server = server();
        String name = "genuine_" + NUMBER.incrementAndGet();
        server.createDatabase(name);
        return server.dataSource(name);
    }

    static EmbeddedPostgresServer server() {
        String problem = Server.PROBLEM;
        if (!problem.isEmpty()) {
            String line = "GENUINE PGMQ NOT TESTED: " + problem;
            assertThat(System.getenv("CI")).as(line).isNotEqualTo("true");
            if (TOLD.compareAndSet(false, true)) {
                System.err.println(line);
            }
            abort(line);
        }
        return Server.RUNNING.get(0);
    }

    /** Started when first needed, stopped with the JVM. The list is empty when there is a problem. */
    private static final class Server {
        private static final String PROBLEM = fetch();
        private static final List<EmbeddedPostgresServer> RUNNING = PROBLEM.isEmpty() ? List.of(start()) : List.of();
    }

    /** Fetches and unpacks the package unless an earlier run did; the problem, or nothing. */
    private static String fetch() {
        Path share = share();
        if (Files.isDirectory(share)) {
            return "";
        }
        try {
            Path work = FOLDER.resolveSibling(
                    "genuine-pgmq-" + ProcessHandle.current().pid());
            Files.createDirectories(work);
            run(work, npm(), "pack", PACKAGE, "--silent");
            run(work, "tar", "-xzf", "electric-sql-pglite-pgmq-0.0.6.tgz");
            run(work, "tar", "-xzf", "package/dist/pgmq.tar.gz");
            Files.move(work, FOLDER);
            return "";
        } catch (IOException e) {
            return "cannot fetch " + PACKAGE + " with npm: " + e.getMessage();
        }
    }

    private static String npm() {
        return System.getProperty("os.name").startsWith("Windows") ? "npm.cmd" : "npm";
    }

    private static void run(Path folder, String... command) throws IOException {
        Path output = folder.resolve("output.txt");
        try {
            int status = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IOException(
                        String.join(" ", command) + " ended with " + status + ": " + Files.readString(output));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static Path share() {
        return FOLDER.resolve("share").resolve("postgresql");
    }

    /** From 18 on a server looks for extensions where a setting says; older ones only in their own folder, so that is a copy here. */
    private static EmbeddedPostgresServer start() {
        int major =
                Integer.parseInt(System.getProperty("postgres.version", "17").replaceAll("\\..*", ""));
        if (major >= 18) {
            return EmbeddedPostgresServer.builder()
                    .setting("extension_control_path", share() + ":$system")
                    .start();
        }
        EmbeddedPostgresServer server = EmbeddedPostgresServer.builder()
                .unpackInto(FOLDER.resolve("server-" + major))
                .start();
        Path own = Path.of(Sql.query(server.dataSource(), "select setting from pg_config where name = 'SHAREDIR'")
                        .get(0))
                .resolve("extension");
        try (Stream<Path> files = Files.list(share().resolve("extension"))) {
            for (Path file : files.toList()) {
                Files.copy(file, own.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return server;
    }
}
