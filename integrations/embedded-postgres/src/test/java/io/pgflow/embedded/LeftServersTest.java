package io.pgflow.embedded;

import static io.pgflow.embedded.EmbeddedPostgresServerTest.runs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LeftServersTest {
    @Test
    void what_a_killed_jvm_left_is_removed_at_the_next_start() throws Exception {
        whatAKilledJvmLeftIsRemoved(Owner.start());
    }

    @Test
    void what_a_killed_jvm_left_in_memory_is_removed_at_the_next_start() throws Exception {
        whatAKilledJvmLeftIsRemoved(Owner.start(Owner.IN_MEMORY));
    }

    private static void whatAKilledJvmLeftIsRemoved(Owner owner) throws Exception {
        owner.process().destroyForcibly().waitFor();
        assertThat(owner.server().isAlive())
                .as("the server outlives its killed owner")
                .isTrue();

        try (EmbeddedPostgresServer next = EmbeddedPostgresServer.start()) {
            await().until(() -> !runs(owner.server()));
            assertThat(owner.data().getParent()).doesNotExist();
            assertThat(next.dataDirectory()).exists();
        }
    }

    @Test
    void the_server_of_a_living_jvm_is_left_alone() throws Exception {
        Owner owner = Owner.start();
        try (EmbeddedPostgresServer next = EmbeddedPostgresServer.start()) {
            assertThat(next.port()).isNotEqualTo(owner.port());
            assertThat(runs(owner.server())).isTrue();
            assertThat(owner.data()).exists();
        } finally {
            owner.process().destroy();
            assertThat(owner.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        await("a JVM that ends takes its server along").until(() -> !runs(owner.server()));
        assertThat(owner.data().getParent()).doesNotExist();
    }

    @Test
    void a_given_folder_is_taken_over_with_its_rows_from_a_killed_jvm() throws Exception {
        Path folder = Path.of("target", "left-" + ProcessHandle.current().pid());
        Owner owner = Owner.start(folder.toString());
        owner.process().destroyForcibly().waitFor();

        try (EmbeddedPostgresServer next =
                EmbeddedPostgresServer.builder().dataDirectory(folder).start()) {
            await().until(() -> !runs(owner.server()));
            assertThat(EmbeddedPostgresServerTest.query(next.dataSource(), "select id from mark"))
                    .containsExactly("42");
        }
    }

    /** A JVM that starts a server, tells where it is and waits. */
    record Owner(Process process, ProcessHandle server, Path data, int port) {
        static final String IN_MEMORY = "in memory";

        static Owner start(String... arguments) throws Exception {
            ProcessBuilder builder = new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx128m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Owner.class.getName());
            builder.command().addAll(List.of(arguments));
            Process process =
                    builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
            BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
            Path data = Path.of(output.readLine());
            int port = Integer.parseInt(output.readLine());
            return new Owner(process, EmbeddedPostgresServerTest.postmaster(data), data, port);
        }

        public static void main(String[] arguments) throws Exception {
            EmbeddedPostgresServer.Builder builder = EmbeddedPostgresServer.builder();
            if (arguments.length > 0 && arguments[0].equals(IN_MEMORY)) {
                builder.inMemory();
            } else if (arguments.length > 0) {
                builder.dataDirectory(Path.of(arguments[0]));
            }
            EmbeddedPostgresServer server = builder.start();
            EmbeddedPostgresServerTest.execute(server.dataSource(), "create table mark as select 42 as id");
            System.out.println(server.dataDirectory());
            System.out.println(server.port());
            Thread.currentThread().join();
        }
    }
}
