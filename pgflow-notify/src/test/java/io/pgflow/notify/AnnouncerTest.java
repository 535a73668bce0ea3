package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
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
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Notifications that are sent later: few, never forgotten, never in the way. */
@Timeout(120)
class AnnouncerTest {
    private static final Duration WINDOW = Duration.ofMillis(500);
    /** So many go without a pause. */
    private static final int AT_ONCE = 5;

    private static final NotificationSettings SETTINGS = NotificationSettings.defaults()
            .withPollFloor(Duration.ofHours(1))
            .withPollInterval(Duration.ofHours(1))
            .withCoalesceWindow(WINDOW);

    private final Db db = Db.fresh();

    @Test
    void a_burst_becomes_few_notifications_and_the_last_state_is_announced() {
        try (Notifications notifications = start(db.source())) {
            AtomicInteger state = new AtomicInteger();
            List<Integer> seen = new CopyOnWriteArrayList<>();
            CountDownLatch active = new CountDownLatch(1);
            notifications.listen("orders", new NotificationHandler() {
                @Override
                public void notified(String payload) {
                    seen.add(state.get());
                }

                @Override
                public void caughtUp() {
                    active.countDown();
                }
            });
            awaitLatch(active);
            long start = System.nanoTime();
            useUp(notifications, "changed");
            // Inside the quiet window: only its end can announce the last state.
            for (int i = 1; i <= 1000; i++) {
                state.set(i);
                notifications.notifyLater("orders", "changed");
            }
            await().untilAsserted(() -> assertThat(seen).last().isEqualTo(1000));
            long windows = (System.nanoTime() - start) / WINDOW.toNanos() + 1;
            assertThat(seen).hasSizeLessThanOrEqualTo((int) windows + AT_ONCE);
        }
    }

    @Test
    void the_first_is_sent_without_waiting_for_the_window() {
        try (Notifications notifications = start(db.source(), SETTINGS.withCoalesceWindow(Duration.ofMinutes(1)))) {
            Heard heard = listening(notifications);
            notifications.notifyLater("orders", "1");
            await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("1"));
        }
    }

    @Test
    void closing_announces_what_still_waits() {
        try (Notifications receiving = start(db.source())) {
            Heard heard = listening(receiving);
            try (Notifications notifications = start(db.source(), SETTINGS.withCoalesceWindow(Duration.ofMinutes(1)))) {
                useUp(notifications, "1");
                notifications.notifyLater("orders", "1");
                assertThat(heard.payloads()).isEmpty();
            }
            await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("1"));
        }
    }

    @Test
    void a_few_follow_each_other_without_a_pause() {
        try (Notifications notifications = start(db.source(), SETTINGS.withCoalesceWindow(Duration.ofMinutes(1)))) {
            Heard heard = listening(notifications);
            for (int i = 1; i <= AT_ONCE; i++) {
                int sent = i;
                notifications.notifyLater("orders", "1");
                await().untilAsserted(() -> assertThat(heard.payloads()).hasSize(sent));
            }
            assertThat(notifications.takeTurn("orders", "1")).isFalse();
        }
    }

    @Test
    void what_callers_send_themselves_counts() {
        try (Notifications notifications = start(db.source(), SETTINGS.withCoalesceWindow(Duration.ofMinutes(1)))) {
            useUp(notifications, "1");

            assertThat(notifications.takeTurn("orders", "1")).isFalse();
            assertThat(notifications.takeTurn("orders", "2")).isTrue();
            assertThat(notifications.takeTurn("others", "1")).isTrue();
        }
    }

    @Test
    void callers_get_no_more_turns_than_there_are_however_many_ask_at_once() throws Exception {
        var turns = new AtomicInteger();
        try (Notifications notifications = start(db.source(), SETTINGS.withCoalesceWindow(Duration.ofMinutes(1)))) {
            var askers = new ArrayList<Thread>();
            for (int i = 0; i < 50; i++) {
                askers.add(new Thread(() -> turns.addAndGet(notifications.takeTurn("orders", "1") ? 1 : 0)));
            }
            askers.forEach(Thread::start);
            for (Thread asker : askers) {
                asker.join();
            }
        }
        assertThat(turns).hasValue(AT_ONCE);
    }

    @Test
    void after_a_window_of_quiet_there_is_a_turn_again() {
        try (Notifications notifications = start(db.source())) {
            useUp(notifications, "1");
            await().atMost(WINDOW.multipliedBy(20)).until(() -> notifications.takeTurn("orders", "1"));
        }
    }

    @Test
    void who_is_closed_gives_no_turns() {
        Notifications notifications = start(db.source());
        notifications.close();

        assertThat(notifications.takeTurn("orders", "1")).isFalse();
    }

    /** Now it is one window until the next is sent. */
    private static void useUp(Notifications notifications, String payload) {
        for (int i = 0; i < AT_ONCE; i++) {
            assertThat(notifications.takeTurn("orders", payload)).isTrue();
        }
    }

    @Test
    void different_payloads_are_never_merged() {
        try (Notifications notifications = start(db.source())) {
            Heard heard = listening(notifications);
            List<String> sent =
                    IntStream.range(0, 200).mapToObj(String::valueOf).toList();
            sent.forEach(payload -> notifications.notifyLater("orders", payload));
            await().untilAsserted(() -> assertThat(heard.payloads()).containsExactlyElementsOf(sent));
        }
    }

    @Test
    void a_database_that_is_away_troubles_no_caller_and_later_ones_are_sent() {
        AtomicInteger failures = new AtomicInteger(3);
        DataSource failing = new WrappedSource(db.source()) {
            @Override
            public Connection getConnection() throws SQLException {
                if (failures.getAndDecrement() > 0) {
                    throw new SQLException("broken by the test");
                }
                return super.getConnection();
            }
        };
        try (Notifications receiving = start(db.source());
                Notifications notifications = start(failing)) {
            Heard heard = listening(receiving);
            await().untilAsserted(() -> {
                assertThatCode(() -> notifications.notifyLater("orders", "1")).doesNotThrowAnyException();
                assertThat(heard.payloads()).isNotEmpty();
            });
        }
    }

    @Test
    void a_caller_never_waits_for_a_connection() {
        CountDownLatch release = new CountDownLatch(1);
        DataSource hanging = new WrappedSource(db.source()) {
            @Override
            public Connection getConnection() throws SQLException {
                awaitLatch(release);
                return super.getConnection();
            }
        };
        // Room for all of them: a full inbox would collapse them into one call of caughtUp().
        try (Notifications notifications = start(hanging, SETTINGS.withInboxSize(100_000))) {
            Heard heard = new Heard();
            notifications.listen("orders", heard);
            await().until(() -> heard.catchUps() > 0);
            for (int i = 0; i < 20_000; i++) {
                notifications.notifyLater("orders", String.valueOf(i));
            }
            assertThat(heard.payloads()).isEmpty();
            release.countDown();
            await().untilAsserted(() -> assertThat(heard.payloads()).hasSizeGreaterThan(1000));
        }
    }

    private Notifications start(DataSource sending) {
        return start(sending, SETTINGS);
    }

    private Notifications start(DataSource sending, NotificationSettings settings) {
        return Notifications.builder(sending)
                .listenOn(db.listening())
                .settings(settings)
                .start();
    }

    private static Heard listening(Notifications notifications) {
        Heard heard = new Heard();
        notifications.listen("orders", heard);
        await().until(() -> heard.catchUps() > 0);
        return heard;
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
