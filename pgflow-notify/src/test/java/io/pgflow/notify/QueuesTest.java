package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages that must not be lost. */
@Timeout(120)
class QueuesTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final Db db = Db.withQueues();
    private final Notifications notifications = Notifications.builder(db.source())
            .listenOn(db.listening())
            .settings(NotificationSettings.defaults()
                    .withPollFloor(Duration.ofHours(1))
                    .withPollInterval(Duration.ofHours(1)))
            .start();
    private final Heard heard = new Heard();

    @BeforeEach
    void listen() {
        notifications.createQueue("orders");
        notifications.listen("news", heard);
        await().until(() -> heard.catchUps() > 0);
    }

    @AfterEach
    void close() {
        notifications.close();
    }

    @Test
    void a_message_is_announced_with_its_id_and_read_whole() {
        long id = notifications.send("orders", "news", "{\"total\": 12.50, \"name\": \"Grüße\"}");
        await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly(String.valueOf(id)));
        Message message = notifications.receive("orders", MINUTE, 10).get(0);
        assertThat(message.id()).isEqualTo(id);
        assertThat(message.reads()).isEqualTo(1);
        assertThat(message.json()).isEqualTo("{\"name\": \"Grüße\", \"total\": 12.50}");
        assertThat(message.visibleAt()).isAfter(message.enqueuedAt());
        assertThat(message.enqueuedAt()).isAfter(Instant.EPOCH);
    }

    @Test
    void a_message_that_was_read_is_hidden_and_comes_back() {
        notifications.send("orders", "news", "1");
        assertThat(notifications.receive("orders", Duration.ofMillis(1), 10)).hasSize(1);
        assertThat(notifications.receive("orders", MINUTE, 10)).isEmpty();
        await().untilAsserted(() -> assertThat(notifications.receive("orders", MINUTE, 10))
                .extracting(Message::reads)
                .containsExactly(2));
    }

    @Test
    void a_message_that_was_deleted_or_archived_is_gone_once() {
        long first = notifications.send("orders", "news", "1");
        long second = notifications.send("orders", "news", "2");
        assertThat(notifications.delete("orders", first)).isTrue();
        assertThat(notifications.delete("orders", first)).isFalse();
        assertThat(notifications.archive("orders", second)).isTrue();
        assertThat(notifications.archive("orders", second)).isFalse();
        assertThat(notifications.receive("orders", MINUTE, 10)).isEmpty();
        assertThat(db.number("select count(*) from pgmq.a_orders")).isEqualTo(1);
    }

    @Test
    void the_oldest_come_first_and_never_more_than_asked_for() {
        for (int i = 1; i <= 5; i++) {
            notifications.send("orders", "news", String.valueOf(i));
        }
        assertThat(notifications.receive("orders", MINUTE, 3))
                .extracting(Message::json)
                .containsExactly("1", "2", "3");
        assertThat(notifications.receive("orders", MINUTE, 3))
                .extracting(Message::json)
                .containsExactly("4", "5");
    }

    @Test
    void a_transaction_that_rolls_back_leaves_nothing_and_notifies_nobody() throws SQLException {
        try (Connection connection = db.source().getConnection()) {
            connection.setAutoCommit(false);
            notifications.send(connection, "orders", "news", "\"rolled back\"");
            connection.rollback();
            long id = notifications.send(connection, "orders", "news", "\"committed\"");
            assertThat(notifications.receive("orders", MINUTE, 10)).isEmpty();
            assertThat(heard.payloads()).isEmpty();
            connection.commit();
            await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly(String.valueOf(id)));
        }
        assertThat(notifications.receive("orders", MINUTE, 10))
                .extracting(Message::json)
                .containsExactly("\"committed\"");
    }

    @Test
    void a_pool_that_hands_out_open_transactions_loses_no_message() {
        WrappedSource manual = new WrappedSource(db.source()) {
            @Override
            public Connection getConnection() throws SQLException {
                Connection connection = super.getConnection();
                connection.setAutoCommit(false);
                return connection;
            }
        };
        try (Notifications sender = Notifications.builder(manual)
                .settings(NotificationSettings.defaults().withEnabled(false))
                .start()) {
            sender.send("orders", "news", "1");
            assertThatThrownBy(() -> sender.send("orders", "news", "not json")).hasMessageContaining("PGF-NTF-010");
        }
        assertThat(notifications.receive("orders", MINUTE, 10)).hasSize(1);
        assertThat(heard.payloads()).isEmpty();
    }

    @Test
    void what_the_database_refuses_has_a_code_and_says_what_to_do() {
        for (String text : List.of("", "{", "'x'", "\"\\u0000\"")) {
            assertThatThrownBy(() -> notifications.send("orders", "news", text)).hasMessageContaining("PGF-NTF-010");
        }
        assertThatThrownBy(() -> notifications.send("missing", "news", "1"))
                .hasMessageContaining("PGF-NTF-009")
                .hasMessageContaining("createQueue");
        assertThatThrownBy(() -> notifications.receive("missing", MINUTE, 1)).hasMessageContaining("PGF-NTF-009");
    }

    @Test
    void a_database_that_is_away_is_an_error_to_try_again() {
        WrappedSource away = new WrappedSource(db.source()) {
            @Override
            public Connection getConnection() throws SQLException {
                throw new SQLException("broken by the test", "08001");
            }
        };
        try (Notifications sender = Notifications.builder(away)
                .settings(NotificationSettings.defaults().withEnabled(false))
                .start()) {
            assertThatThrownBy(() -> sender.send("orders", "news", "1"))
                    .isInstanceOfSatisfying(
                            NotificationException.class,
                            e -> assertThat(e.code()).isEqualTo("PGF-NTF-008"))
                    .hasMessageContaining("08001");
        }
    }

    @Test
    void creating_a_queue_again_keeps_its_messages() {
        notifications.send("orders", "news", "1");
        notifications.createQueue("orders");
        assertThat(notifications.receive("orders", MINUTE, 10)).hasSize(1);
    }
}
