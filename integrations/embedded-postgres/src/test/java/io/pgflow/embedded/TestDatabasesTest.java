package io.pgflow.embedded;

import static io.pgflow.embedded.EmbeddedPostgresServerTest.execute;
import static io.pgflow.embedded.EmbeddedPostgresServerTest.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class TestDatabasesTest {
    private static final AtomicInteger PREPARED = new AtomicInteger();

    @Test
    void each_call_gives_an_own_copy_and_the_template_is_prepared_once() throws SQLException {
        DataSource one = TestDatabases.freshDatabase(TestDatabasesTest::prepare, "Things-1");
        DataSource two = TestDatabases.freshDatabase(TestDatabasesTest::prepare, "Things-1");

        execute(one, "insert into thing values (1)");

        assertThat(query(one, "select id from thing")).containsExactly("1");
        assertThat(query(two, "select id from thing")).isEmpty();
        assertThat(PREPARED).hasValue(1);
    }

    @Test
    void a_fresh_database_is_empty() throws SQLException {
        DataSource database = TestDatabases.freshDatabase();

        assertThat(query(database, "select count(*) from pg_tables where schemaname = 'public'"))
                .containsExactly("0");
    }

    @Test
    void a_dropped_database_is_gone_even_while_somebody_is_connected() throws SQLException {
        DataSource database = TestDatabases.freshDatabase();
        try (var connection = database.getConnection()) {
            TestDatabases.drop(database);
            assertThat(connection.isClosed()).isFalse();
        }

        assertThatThrownBy(() -> query(database, "select 1")).hasMessageContaining("does not exist");
        assertThatThrownBy(() -> TestDatabases.drop(database)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_given_server_is_used_and_left_clean() throws Exception {
        try (EmbeddedPostgresServer given = EmbeddedPostgresServer.start()) {
            Process jvm = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx128m",
                            "-DPGFLOW_TEST_JDBC_URL=" + given.jdbcUrl("postgres"),
                            "-cp",
                            System.getProperty("java.class.path"),
                            PrintsItsPort.class.getName())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();

            assertThat(jvm.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo(String.valueOf(given.port()));
            assertThat(jvm.waitFor()).isZero();
            assertThat(query(given.dataSource(), "select datname from pg_database where datname like 'pgflow%'"))
                    .isEmpty();
        }
    }

    static final class PrintsItsPort {
        public static void main(String[] arguments) throws SQLException {
            DataSource database = TestDatabases.freshDatabase(TestDatabasesTest::prepare, "given");
            System.out.println(query(database, "show port").get(0));
        }
    }

    private static void prepare(DataSource database) {
        PREPARED.incrementAndGet();
        try {
            execute(database, "create table thing (id int)");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
