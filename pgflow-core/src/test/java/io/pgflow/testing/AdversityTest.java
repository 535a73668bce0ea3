package io.pgflow.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Is the adversity there of which the others say that they bear it? */
@Tag("adversity")
class AdversityTest {

    @RegisterExtension
    final Engines engines = new Engines();

    @Test
    void some_calls_of_engines_fail_under_faults_and_none_else() throws Exception {
        assertThat(failedBy("test-caller")).isZero();
        if (Adversity.CURRENT == Adversity.FAULTS) {
            assertThat(failedBy(Adversity.THREADS + "test")).isPositive();
        } else {
            assertThat(failedBy(Adversity.THREADS + "test")).isZero();
        }
    }

    private int failedBy(String threadName) throws Exception {
        var failed = new AtomicInteger();
        var thread = new Thread(() -> askOften(failed), threadName);
        thread.start();
        thread.join();
        return failed.get();
    }

    private void askOften(AtomicInteger failed) {
        try (HikariDataSource pool = engines.pool()) {
            for (int i = 0; i < 2_000; i++) {
                try {
                    ask(pool, "select 1");
                } catch (SQLException e) {
                    failed.incrementAndGet();
                }
            }
        }
    }

    @Test
    void engines_have_the_rights_of_an_application_under_silence() throws SQLException {
        assumeTrue(Adversity.CURRENT == Adversity.SILENCE);
        try (HikariDataSource pool = engines.pool()) {
            assertThat(ask(pool, "select current_user")).isEqualTo(ApplicationRole.NAME);
        }
        assertThat(engines.sql("select rolsuper::text from pg_roles where rolname = '" + ApplicationRole.NAME + "'"))
                .containsExactly("false");
    }

    @Test
    void a_connection_is_of_another_session_each_time_behind_the_pooler() throws SQLException {
        assumeTrue(Adversity.CURRENT == Adversity.POOLER);
        Set<String> seen = new HashSet<>();
        try (HikariDataSource pool = engines.pool();
                Connection one = pool.getConnection();
                Connection other = pool.getConnection()) {
            for (int i = 0; i < 20; i++) {
                seen.add(ask(i % 2 == 0 ? one : other, "select pg_backend_pid()"));
            }
            one.setAutoCommit(false);
            String held = ask(one, "select pg_backend_pid()");
            assertThat(ask(other, "select pg_backend_pid()")).isNotEqualTo(held);
            one.rollback();
        }
        assertThat(seen).hasSizeLessThan(3);
    }

    private static String ask(HikariDataSource pool, String question) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            return ask(connection, question);
        }
    }

    private static String ask(Connection connection, String question) throws SQLException {
        try (var statement = connection.createStatement();
                ResultSet row = statement.executeQuery(question)) {
            row.next();
            return row.getString(1);
        }
    }
}
