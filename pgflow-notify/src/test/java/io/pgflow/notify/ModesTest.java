package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.LoggerFactory;

/** Everything works without notifications, only slower, and one can see that it is so. */
@Timeout(120)
class ModesTest {
    private static final NotificationSettings QUICK_POLLS = NotificationSettings.defaults()
            .withPollFloor(Duration.ofHours(1))
            .withPollInterval(Duration.ofMillis(50))
            .withProbeWithin(Duration.ofMillis(300))
            .withProbeEvery(Duration.ofMillis(100))
            .withReconnectCap(Duration.ofMillis(100));

    private final Db db = Db.fresh();
    private final List<Notifications> started = new ArrayList<>();

    @AfterEach
    void close() {
        started.forEach(Notifications::close);
    }

    @Test
    void a_listener_on_another_database_is_found_out_and_polls() {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(ListenLoop.class);
        logger.setLevel(Level.WARN);
        logger.addAppender(log);
        try {
            Notifications notifications = start(db.source(), Db.fresh().listening(), QUICK_POLLS);
            Heard heard = new Heard();
            notifications.listen("orders", heard);
            awaitMode(notifications, Mode.POLLING);
            assertThat(notifications.modeReason()).contains("did not arrive").contains("pooler");
            int before = heard.catchUps();
            await().untilAsserted(() -> assertThat(heard.catchUps()).isGreaterThan(before + 5));
            assertThat(log.list)
                    .filteredOn(event -> event.getMessage().contains("PGF-NTF-015"))
                    .hasSize(1);
        } finally {
            logger.detachAppender(log);
            logger.setLevel(null);
        }
    }

    @Test
    void a_probe_that_succeeds_later_ends_polling() {
        AtomicBoolean broken = new AtomicBoolean(true);
        Notifications notifications = start(breakable(broken), db.listening(), QUICK_POLLS);
        List<Mode> modes = new CopyOnWriteArrayList<>();
        notifications.onMode(modes::add);
        awaitMode(notifications, Mode.POLLING);
        broken.set(false);
        awaitMode(notifications, Mode.NOTIFY);
        await().untilAsserted(() -> assertThat(modes).endsWith(Mode.POLLING, Mode.NOTIFY));
    }

    @Test
    void notifications_that_arrive_all_the_same_are_delivered_while_polling() {
        Notifications notifications = start(breakable(new AtomicBoolean(true)), db.listening(), QUICK_POLLS);
        Heard heard = new Heard();
        notifications.listen("orders", heard);
        awaitMode(notifications, Mode.POLLING);
        db.notify("orders", "1");
        await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("1"));
    }

    @Test
    void without_a_server_to_listen_on_it_polls_until_there_is_one() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        PGSimpleDataSource listening = db.at(port);
        Notifications notifications = start(db.source(), listening, QUICK_POLLS);
        Heard heard = new Heard();
        notifications.listen("orders", heard);
        await().untilAsserted(() -> assertThat(heard.catchUps()).isGreaterThan(5));
        assertThat(notifications.mode()).isEqualTo(Mode.RECONNECTING);
        listening.setPortNumbers(new int[] {db.port()});
        awaitMode(notifications, Mode.NOTIFY);
        db.notify("orders", "1");
        await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("1"));
    }

    @Test
    void a_listening_data_source_of_a_wrong_kind_leaves_it_polling_and_says_why() {
        DataSource wrong = new WrappedSource(db.source()) {
            @Override
            public Connection getConnection() {
                return WrappedSource.closed();
            }
        };
        Notifications notifications = start(db.source(), wrong, QUICK_POLLS);
        Heard heard = new Heard();
        notifications.listen("orders", heard);
        await().untilAsserted(() -> assertThat(notifications.modeReason()).contains("PGF-NTF-006"));
        await().untilAsserted(() -> assertThat(heard.catchUps()).isGreaterThan(5));
    }

    @Test
    void the_poll_floor_is_on_while_notifications_arrive() {
        Notifications notifications =
                start(db.source(), db.listening(), QUICK_POLLS.withPollFloor(Duration.ofMillis(100)));
        Heard heard = new Heard();
        notifications.listen("orders", heard);
        awaitMode(notifications, Mode.NOTIFY);
        int before = heard.catchUps();
        await().untilAsserted(() -> assertThat(heard.catchUps()).isGreaterThan(before + 5));
        assertThat(notifications.mode()).isEqualTo(Mode.NOTIFY);
    }

    @Test
    void switched_off_it_connects_to_nothing_tells_nobody_and_polls() {
        Notifications off = start(db.source(), db.listening(), QUICK_POLLS.withEnabled(false));
        Notifications on = start(db.source(), db.listening(), QUICK_POLLS);
        Heard polled = new Heard();
        off.listen("orders", polled);
        Heard heard = new Heard();
        on.listen("orders", heard);
        awaitMode(on, Mode.NOTIFY);
        off.notify("orders", "never sent");
        off.notifyLater("orders", "never sent");
        on.notify("orders", "sent");
        await().untilAsserted(() -> assertThat(heard.payloads()).containsExactly("sent"));
        await().untilAsserted(() -> assertThat(polled.catchUps()).isGreaterThan(5));
        assertThat(polled.payloads()).isEmpty();
        assertThat(off.mode()).isEqualTo(Mode.OFF);
        await().untilAsserted(() -> assertThat(db.others()).isEqualTo(1));
    }

    private DataSource breakable(AtomicBoolean broken) {
        return new WrappedSource(db.source()) {
            @Override
            public Connection getConnection() throws SQLException {
                if (broken.get()) {
                    throw new SQLException("broken by the test");
                }
                return super.getConnection();
            }
        };
    }

    private Notifications start(DataSource sending, DataSource listening, NotificationSettings settings) {
        Notifications notifications = Notifications.builder(sending)
                .listenOn(listening)
                .settings(settings)
                .start();
        started.add(notifications);
        return notifications;
    }

    private static void awaitMode(Notifications notifications, Mode mode) {
        await().untilAsserted(() -> assertThat(notifications.mode()).isEqualTo(mode));
    }
}
