package io.pgflow.embedded;

import static io.pgflow.embedded.EmbeddedPostgresServerTest.execute;
import static io.pgflow.embedded.EmbeddedPostgresServerTest.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    private static void prepare(DataSource database) {
        PREPARED.incrementAndGet();
        try {
            execute(database, "create table thing (id int)");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
