package io.pgflow.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.pgflow.embedded.EmbeddedPostgresServer;
import io.pgflow.npm.NpmPackage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
public final class GenuinePgmq {
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
        mustBeThere();
        return Server.RUNNING;
    }

    /** The extension as one script, which is how its authors install it on a server that does not offer it. */
    public static String script() {
        mustBeThere();
        try {
            return Files.readString(share().resolve("extension/pgmq--1.11.1.sql"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void mustBeThere() {
        String problem = Fetched.PROBLEM;
        if (!problem.isEmpty()) {
            String line = "GENUINE PGMQ NOT TESTED: " + problem;
            assertThat(System.getenv("CI")).as(line).isNotEqualTo("true");
            if (TOLD.compareAndSet(false, true)) {
                System.err.println(line);
            }
            abort(line);
        }
    }

    /** Fetched when first needed. */
    private static final class Fetched {
        private static final String PROBLEM = fetch();
    }

    /** Started when first needed, stopped with the JVM. */
    private static final class Server {
        private static final EmbeddedPostgresServer RUNNING = start();
    }

    /** Fetches and unpacks the package unless an earlier run did; the problem, or nothing. */
    private static String fetch() {
        try {
            NpmPackage.once(FOLDER, NpmPackage::unpackPgmq);
            return "";
        } catch (IOException e) {
            return "cannot fetch " + NpmPackage.PGMQ + " with npm: " + e.getMessage();
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
