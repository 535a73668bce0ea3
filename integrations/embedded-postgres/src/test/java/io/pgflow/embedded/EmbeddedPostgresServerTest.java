package io.pgflow.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresServerTest {
    @Test
    void a_started_server_answers_with_the_version_that_was_asked_for() throws SQLException {
        try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start()) {
            String major = System.getProperty("postgres.version", "17").replaceAll("\\..*", "");

            assertThat(query(server.dataSource(), "show server_version"))
                    .singleElement()
                    .asString()
                    .startsWith(major);
            assertThat(query(server.dataSource(), "show fsync")).containsExactly("on");
            assertThat(query(server.dataSource(), "select current_user")).containsExactly(server.user());
            assertThat(server.binaries().resolve("share")).isDirectory();
        }
    }

    @Test
    void committed_rows_survive_a_crash_and_open_transactions_do_not() throws SQLException {
        try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start();
                Connection connection = server.dataSource().getConnection()) {
            int port = server.port();
            execute(server.dataSource(), "create table kept (id int)");
            execute(server.dataSource(), "insert into kept values (1)");
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute("insert into kept values (2)");
            }

            server.crash();
            assertThatThrownBy(() -> query(server.dataSource(), "select 1")).isInstanceOf(SQLException.class);
            server.restart();

            assertThat(server.port()).isEqualTo(port);
            assertThat(query(server.dataSource(), "select id from kept")).containsExactly("1");
        }
    }

    @Test
    void settings_hold_at_the_first_start_and_after_a_restart() throws SQLException {
        try (EmbeddedPostgresServer server = EmbeddedPostgresServer.builder()
                .setting("max_connections", "33")
                .setting("cluster_name", "it's a 'name'")
                .start()) {
            assertThat(query(server.dataSource(), "show max_connections")).containsExactly("33");
            assertThat(query(server.dataSource(), "show cluster_name")).containsExactly("it's a 'name'");

            server.crash();
            server.restart();

            assertThat(query(server.dataSource(), "show max_connections")).containsExactly("33");
            assertThat(query(server.dataSource(), "show cluster_name")).containsExactly("it's a 'name'");
        }
    }

    @Test
    void databases_are_created_copied_and_dropped() throws SQLException {
        try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start()) {
            server.createDatabase("original");
            execute(server.dataSource("original"), "create table thing as select 7 as id");
            server.createDatabase("copy", "original");

            assertThat(query(server.dataSource("copy"), "select id from thing")).containsExactly("7");

            server.dropDatabase("copy");
            assertThatThrownBy(() -> query(server.dataSource("copy"), "select 1"))
                    .hasMessageContaining("does not exist");
            assertThatThrownBy(() -> server.createDatabase("original"))
                    .isInstanceOf(EmbeddedPostgresException.class)
                    .hasMessageContaining("[PGF-EMB-004]");
            assertThatThrownBy(() -> server.createDatabase("x\"; drop")).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void closing_stops_the_server_and_deletes_its_folder() throws Exception {
        EmbeddedPostgresServer server = EmbeddedPostgresServer.start();
        ProcessHandle process = postmaster(server.dataDirectory());

        server.close();
        server.close();

        await().until(() -> !runs(process));
        assertThat(server.dataDirectory().getParent()).doesNotExist();
    }

    @Test
    void a_server_in_memory_forces_nothing_to_the_disk_and_keeps_its_rows_over_a_crash() throws Exception {
        Path memory = Path.of("/dev/shm");
        boolean offered = Files.isWritable(memory) && Files.getFileStore(memory).getUsableSpace() > 5L << 30;
        EmbeddedPostgresServer server =
                EmbeddedPostgresServer.builder().inMemory().start();
        try (server) {
            execute(server.dataSource(), "create table kept as select 1 as id");

            server.crash();
            server.restart();

            assertThat(query(server.dataSource(), "select id from kept")).containsExactly("1");
            assertThat(query(server.dataSource(), "show fsync")).containsExactly("off");
            if (offered) {
                assertThat(server.dataDirectory()).startsWith(memory);
            }
        }
        assertThat(server.dataDirectory().getParent()).doesNotExist();
    }

    @Test
    void a_given_folder_is_used_whatever_else_is_asked(@TempDir Path folder) {
        try (EmbeddedPostgresServer server = EmbeddedPostgresServer.builder()
                .inMemory()
                .dataDirectory(folder)
                .start()) {
            assertThat(server.dataDirectory()).startsWith(folder);
        }
    }

    @Test
    void a_crashed_server_can_be_closed() {
        EmbeddedPostgresServer server = EmbeddedPostgresServer.start();
        server.crash();

        server.close();

        assertThat(server.dataDirectory().getParent()).doesNotExist();
    }

    @Test
    void a_given_folder_is_kept_and_started_on_again(@TempDir Path folder) throws SQLException {
        try (EmbeddedPostgresServer server =
                EmbeddedPostgresServer.builder().dataDirectory(folder).start()) {
            execute(server.dataSource(), "create table kept as select 1 as id");
        }
        try (EmbeddedPostgresServer server =
                EmbeddedPostgresServer.builder().dataDirectory(folder).start()) {
            assertThat(query(server.dataSource(), "select id from kept")).containsExactly("1");
        }
    }

    @Test
    void an_impossible_folder_is_a_coded_failure() {
        assertThatThrownBy(() -> EmbeddedPostgresServer.builder()
                        .dataDirectory(Path.of("/dev/null/nowhere"))
                        .start())
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageContaining("PGF-EMB-003");
    }

    static ProcessHandle postmaster(Path data) throws Exception {
        long pid = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
        return ProcessHandle.of(pid).orElseThrow();
    }

    /** A process that ended but was not collected yet has a number and no program. */
    static boolean runs(ProcessHandle process) {
        return process.isAlive() && process.info().command().isPresent();
    }

    static void execute(DataSource database, String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static List<String> query(DataSource database, String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> first = new ArrayList<>();
            while (rows.next()) {
                first.add(rows.getString(1));
            }
            return first;
        }
    }
}
