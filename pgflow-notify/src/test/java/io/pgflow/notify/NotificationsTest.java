package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sending and listening while all is well; polling is so rare that it explains nothing. */
@Timeout(120)
class NotificationsTest {
    private static final NotificationSettings WITHOUT_POLLING =
            NotificationSettings.defaults().withPollFloor(Duration.ofHours(1)).withPollInterval(Duration.ofHours(1));

    private final Db db = Db.fresh();
    private final List<Notifications> started = new ArrayList<>();

    @AfterEach
    void close() {
        started.forEach(Notifications::close);
    }

    @Test
    void all_who_listen_to_a_channel_hear_it_over_one_connection() {
        Notifications notifications = start(WITHOUT_POLLING);
        List<Heard> all = IntStream.range(0, 10).mapToObj(i -> new Heard()).toList();
        all.forEach(heard -> notifications.listen("orders", heard));
        Heard other = listening(notifications, "other");
        all.forEach(heard -> await().until(() -> heard.catchUps() > 0));
        notifications.notify("orders", "1");
        all.forEach(heard ->
                await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("1")));
        assertThat(other.payloads()).isEmpty();
        await().untilAsserted(() -> assertThat(db.others()).isEqualTo(1));
    }

    @Test
    void processes_hear_each_other() {
        Heard heard = listening(start(WITHOUT_POLLING), "orders");
        start(WITHOUT_POLLING).notify("orders", "from the other");
        await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("from the other"));
    }

    @Test
    void a_handler_catches_up_once_its_channel_is_active_on_a_live_connection() {
        Notifications notifications = start(WITHOUT_POLLING);
        awaitMode(notifications, Mode.NOTIFY);
        Heard heard = new Heard(() -> notifications.notify("orders", "sent while catching up"));
        notifications.listen("orders", heard);
        await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("sent while catching up"));
        assertThat(heard.catchUps()).isEqualTo(1);
    }

    @Test
    void a_closed_subscription_hears_nothing_more_and_the_others_stay() {
        Notifications notifications = start(WITHOUT_POLLING);
        Heard gone = new Heard();
        Subscription subscription = notifications.listen("orders", gone);
        Heard stays = listening(notifications, "orders");
        subscription.close();
        subscription.close();
        notifications.notify("orders", "1");
        await().untilAsserted(() -> assertThat(stays.payloads()).containsExactly("1"));
        assertThat(gone.payloads()).isEmpty();
    }

    @Test
    void a_channel_can_be_left_and_joined_again() {
        Notifications notifications = start(WITHOUT_POLLING);
        for (int round = 0; round < 5; round++) {
            Heard heard = new Heard();
            try (Subscription subscription = notifications.listen("orders", heard)) {
                await().until(() -> heard.catchUps() > 0);
                notifications.notify(subscription.channel(), "1");
                await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("1"));
            }
        }
    }

    @Test
    void a_slow_handler_holds_up_nobody_else_and_gets_its_calls_in_order() {
        Notifications notifications = start(WITHOUT_POLLING);
        CountDownLatch release = new CountDownLatch(1);
        List<String> slow = new CopyOnWriteArrayList<>();
        AtomicInteger inside = new AtomicInteger();
        notifications.listen("orders", payload -> {
            assertThat(inside.incrementAndGet()).isEqualTo(1);
            awaitLatch(release);
            slow.add(payload);
            inside.decrementAndGet();
        });
        Heard quick = listening(notifications, "orders");
        List<String> sent = IntStream.range(0, 50).mapToObj(String::valueOf).toList();
        sent.forEach(payload -> notifications.notify("orders", payload));
        await().untilAsserted(() -> assertThat(quick.payloads()).isEqualTo(sent));
        assertThat(slow).isEmpty();
        release.countDown();
        await().untilAsserted(() -> assertThat(slow).isEqualTo(sent));
    }

    @Test
    void a_handler_that_throws_stays_subscribed() {
        Notifications notifications = start(WITHOUT_POLLING);
        List<String> reached = new CopyOnWriteArrayList<>();
        notifications.listen("orders", payload -> {
            reached.add(payload);
            if (payload.equals("1")) {
                throw new IllegalStateException("thrown by a handler");
            }
            if (payload.equals("2")) {
                throw new AssertionError("thrown by a handler");
            }
        });
        Heard other = listening(notifications, "orders");
        for (int i = 1; i <= 3; i++) {
            notifications.notify("orders", String.valueOf(i));
        }
        await().untilAsserted(() -> assertThat(reached).containsExactly("1", "2", "3"));
        await().untilAsserted(() -> assertThat(other.payloads()).containsExactly("1", "2", "3"));
    }

    @Test
    void an_inbox_that_overflows_becomes_one_call_to_catch_up() {
        Notifications notifications = start(WITHOUT_POLLING.withInboxSize(10));
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger catchUps = new AtomicInteger();
        List<String> told = new CopyOnWriteArrayList<>();
        notifications.listen("orders", new NotificationHandler() {
            @Override
            public void notified(String payload) {
                awaitLatch(release);
                told.add(payload);
            }

            @Override
            public void caughtUp() {
                catchUps.incrementAndGet();
            }
        });
        Heard quick = listening(notifications, "orders");
        await().until(() -> catchUps.get() == 1);
        for (int i = 1; i <= 12; i++) {
            notifications.notify("orders", String.valueOf(i));
            int sent = i;
            await().until(() -> quick.payloads().size() == sent);
        }
        release.countDown();
        await().untilAsserted(() -> assertThat(catchUps).hasValue(2));
        assertThat(told).containsExactly("1");
    }

    @Test
    void a_notification_in_the_callers_transaction_is_heard_only_if_that_commits() throws SQLException {
        Notifications notifications = start(WITHOUT_POLLING);
        Heard heard = listening(notifications, "orders");
        try (Connection connection = db.source().getConnection()) {
            connection.setAutoCommit(false);
            notifications.notify(connection, "orders", "rolled back");
            connection.rollback();
            notifications.notify(connection, "orders", "committed");
            connection.commit();
        }
        await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("committed"));
    }

    @Test
    void names_and_payloads_that_postgresql_would_bend_are_refused() {
        Notifications notifications = start(WITHOUT_POLLING);
        for (String channel : List.of("", "Orders", "1st", "a b", "a-b", "a\"b", "a;b", "ä", "x".repeat(64))) {
            assertThatThrownBy(() -> notifications.notify(channel, "")).hasMessageContaining("PGF-NTF-001");
            assertThatThrownBy(() -> notifications.notifyLater(channel, "")).hasMessageContaining("PGF-NTF-001");
            assertThatThrownBy(() -> notifications.listen(channel, payload -> {}))
                    .hasMessageContaining("PGF-NTF-001");
        }
        for (String queue : List.of("", "Orders", "a b", "a$b", "x".repeat(41))) {
            assertThatThrownBy(() -> notifications.send(queue, "orders", "{}")).hasMessageContaining("PGF-NTF-002");
            assertThatThrownBy(() -> notifications.createQueue(queue)).hasMessageContaining("PGF-NTF-002");
        }
        assertThatThrownBy(() -> notifications.reply("x".repeat(33), json -> json))
                .hasMessageContaining("PGF-NTF-002");
        for (String payload : List.of("x".repeat(8000), "é".repeat(4000), "a\0b")) {
            assertThatThrownBy(() -> notifications.notify("orders", payload)).hasMessageContaining("PGF-NTF-003");
        }
        assertThatThrownBy(() -> notifications.receive("orders", Duration.ofSeconds(1), 0))
                .hasMessageContaining("PGF-NTF-013");
        assertThatThrownBy(() -> notifications.receive("orders", Duration.ofDays(31), 1))
                .hasMessageContaining("PGF-NTF-013");
    }

    @Test
    void closing_ends_the_connection_and_every_thread() {
        Notifications notifications = start(WITHOUT_POLLING);
        Heard heard = listening(notifications, "orders");
        notifications.notify("orders", "1");
        await().until(() -> heard.payloads().size() == 1);
        awaitMode(notifications, Mode.NOTIFY);
        assertThat(ownThreads()).isNotEmpty();
        notifications.close();
        notifications.close();
        await().untilAsserted(() -> assertThat(ownThreads()).isEmpty());
        await().untilAsserted(() -> assertThat(db.others()).isZero());
        assertThatThrownBy(() -> notifications.notify("orders", "2")).hasMessageContaining("PGF-NTF-007");
        assertThatThrownBy(() -> notifications.listen("orders", heard)).hasMessageContaining("PGF-NTF-007");
    }

    @Test
    void a_handler_may_close_everything() {
        Notifications notifications = start(WITHOUT_POLLING);
        notifications.listen("orders", payload -> notifications.close());
        awaitMode(notifications, Mode.NOTIFY);
        db.notify("orders", "close");
        await().untilAsserted(() -> assertThat(ownThreads()).isEmpty());
    }

    private Notifications start(NotificationSettings settings) {
        Notifications notifications = Notifications.builder(db.source())
                .listenOn(db.listening())
                .settings(settings)
                .start();
        started.add(notifications);
        return notifications;
    }

    /** A handler whose channel is active. */
    private static Heard listening(Notifications notifications, String channel) {
        Heard heard = new Heard();
        notifications.listen(channel, heard);
        await().until(() -> heard.catchUps() > 0);
        return heard;
    }

    private static void awaitMode(Notifications notifications, Mode mode) {
        await().untilAsserted(() -> assertThat(notifications.mode()).isEqualTo(mode));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<String> ownThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("pgflow-notify-"))
                .toList();
    }
}
