package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Listening on a pool's connection is allowed, and the pool must not suffer from it. */
@Timeout(120)
class PooledListenerTest {
    private final Db db = Db.fresh();

    @Test
    void it_borrows_one_connection_and_gives_it_back_clean() throws SQLException {
        try (HikariDataSource pool = pool()) {
            Heard heard = new Heard();
            try (Notifications notifications = Notifications.on(pool)) {
                notifications.listen("orders", heard);
                await().until(() -> notifications.mode() == Mode.NOTIFY);
                notifications.notify("orders", "1");
                await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("1"));
                assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isEqualTo(1);
            }
            await().untilAsserted(() -> assertThat(pool.getHikariPoolMXBean().getActiveConnections())
                    .isZero());
            try (Connection first = pool.getConnection();
                    Connection second = pool.getConnection()) {
                for (Connection connection : new Connection[] {first, second}) {
                    assertThat(listeningChannels(connection)).isZero();
                    assertThat(connection.getNetworkTimeout()).isZero();
                }
            }
        }
    }

    @Test
    void a_broken_one_is_not_lent_again() {
        try (HikariDataSource pool = pool();
                Notifications notifications = Notifications.on(pool)) {
            Heard heard = new Heard();
            notifications.listen("orders", heard);
            await().until(() -> notifications.mode() == Mode.NOTIFY);
            db.killOthers();
            await().untilAsserted(() -> {
                db.notify("orders", "after");
                assertThat(heard.payloads()).contains("after");
            });
            await().until(() -> notifications.mode() == Mode.NOTIFY);
        }
    }

    private HikariDataSource pool() {
        HikariDataSource pool = new HikariDataSource();
        pool.setDataSource(db.source());
        pool.setMaximumPoolSize(2);
        return pool;
    }

    private static long listeningChannels(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from pg_listening_channels()")) {
            row.next();
            return row.getLong(1);
        }
    }
}
