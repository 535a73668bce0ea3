package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.faults.FaultProxy;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every listener promises, whatever the driver; and that the whole recovers with it. */
@Timeout(120)
abstract class ListenerConformance {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Polls so rarely that only notifications and catching up after a reconnect can explain what is heard. */
    private static final NotificationSettings WITHOUT_POLLING = NotificationSettings.defaults()
            .withPollFloor(Duration.ofHours(1))
            .withPollInterval(Duration.ofHours(1))
            .withKeepAlive(Duration.ofMillis(200))
            .withAnswerWithin(Duration.ofSeconds(2))
            .withReconnectCap(Duration.ofMillis(200));

    private final Db db = Db.fresh();
    private final List<AutoCloseable> open = new ArrayList<>();

    /** Listens to the database by way of this port. */
    abstract Listener.Factory factory(Db database, int port);

    /** Of a DataSource that gives connections of another driver. */
    abstract Listener.Factory wrongDriver(Db database);

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    @Test
    void a_notification_arrives_with_its_channel_and_payload() throws SQLException {
        Listener listener = listener();
        listener.listen("orders");
        db.notify("orders", "42");
        assertThat(arrivals(listener, 1)).containsExactly(new Notification("orders", "42"));
    }

    @Test
    void notifications_arrive_in_the_order_of_their_commits() throws SQLException {
        Listener listener = listener();
        listener.listen("a");
        listener.listen("b");
        db.notify("a", "1");
        db.notify("b", "2");
        db.notify("a", "3");
        assertThat(arrivals(listener, 3)).extracting(Notification::payload).containsExactly("1", "2", "3");
    }

    @Test
    void an_empty_and_the_longest_payload_arrive_whole() throws SQLException {
        Listener listener = listener();
        listener.listen("orders");
        String longest = "x".repeat(7999);
        db.notify("orders", "");
        db.notify("orders", longest);
        assertThat(arrivals(listener, 2)).extracting(Notification::payload).containsExactly("", longest);
    }

    @Test
    void only_channels_that_are_listened_to_arrive() throws SQLException {
        Listener listener = listener();
        listener.listen("orders");
        listener.listen("other");
        listener.unlisten("other");
        db.notify("other", "1");
        db.notify("never", "2");
        db.notify("orders", "3");
        assertThat(arrivals(listener, 1)).extracting(Notification::payload).containsExactly("3");
    }

    @Test
    void a_wait_ends_empty_when_nothing_comes() throws SQLException {
        assertThat(listener().await(Duration.ofMillis(50))).isEmpty();
    }

    @Test
    void another_thread_can_end_a_wait() {
        Listener listener = listener();
        CompletableFuture<List<Notification>> waiting = awaitInBackground(listener, Duration.ofHours(1));
        listener.wake();
        assertThat(waiting)
                .succeedsWithin(PATIENCE)
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .isEmpty();
    }

    @Test
    void no_transaction_is_open_while_it_waits() throws SQLException {
        Listener listener = listener();
        listener.listen("orders");
        listener.ping();
        CompletableFuture<List<Notification>> waiting = awaitInBackground(listener, Duration.ofHours(1));
        await().untilAsserted(() -> assertThat(db.others()).isEqualTo(1));
        assertThat(db.othersInTransaction()).isZero();
        listener.wake();
        assertThat(waiting).succeedsWithin(PATIENCE);
    }

    @Test
    void a_killed_backend_ends_the_wait_with_an_error() {
        Listener listener = listener();
        CompletableFuture<List<Notification>> waiting = awaitInBackground(listener, Duration.ofHours(1));
        db.killOthers();
        assertThat(waiting).failsWithin(PATIENCE).withThrowableThat().withRootCauseInstanceOf(Exception.class);
    }

    @Test
    void a_link_that_went_silent_fails_the_ping() throws Exception {
        FaultProxy proxy = keep(FaultProxy.to(db.port(), 1));
        Listener listener = factory(db, proxy.port()).connect(Duration.ofMillis(500));
        open.add(0, proxy::pass);
        open.add(listener);
        listener.ping();
        proxy.stall();
        assertThatThrownBy(listener::ping).isInstanceOf(SQLException.class);
    }

    @Test
    void a_name_that_is_no_channel_never_reaches_the_server() {
        Listener listener = listener();
        assertThatThrownBy(() -> listener.listen("a\"; drop table x; --")).hasMessageContaining("PGF-NTF-001");
        assertThatThrownBy(() -> listener.unlisten("UPPER")).hasMessageContaining("PGF-NTF-001");
    }

    @Test
    void closing_ends_the_connection_and_may_be_repeated() {
        Listener listener = listener();
        assertThat(db.others()).isEqualTo(1);
        listener.close();
        listener.close();
        await().untilAsserted(() -> assertThat(db.others()).isZero());
    }

    @Test
    void connections_of_another_driver_are_refused_with_what_to_do() {
        assertThatThrownBy(() -> wrongDriver(db).connect(PATIENCE))
                .isInstanceOf(NotificationException.class)
                .hasMessageContaining("PGF-NTF-006")
                .hasMessageContaining("listenOn");
        await().untilAsserted(() -> assertThat(db.others()).isZero());
    }

    @Test
    void a_killed_listener_comes_back_and_catches_up_after_it_listens() {
        Notifications notifications = notifications(db.port());
        List<Mode> modes = new CopyOnWriteArrayList<>();
        notifications.onMode(modes::add);
        // Sent from within caughtUp: it arrives only if LISTEN was active before.
        Heard heard = new Heard(() -> db.notify("orders", "sent while catching up"));
        notifications.listen("orders", heard);
        await().untilAsserted(() -> assertThat(heard.payloads()).hasSize(1));
        awaitMode(notifications, Mode.NOTIFY);
        for (int kill = 1; kill <= 3; kill++) {
            int before = heard.payloads().size();
            int catchUps = heard.catchUps();
            db.killOthers();
            await().untilAsserted(() -> assertThat(heard.payloads()).hasSizeGreaterThan(before));
            assertThat(heard.catchUps()).isGreaterThan(catchUps);
            awaitMode(notifications, Mode.NOTIFY);
        }
        await().untilAsserted(() -> assertThat(modes).containsSubsequence(Mode.NOTIFY, Mode.RECONNECTING, Mode.NOTIFY));
    }

    @Test
    void a_link_that_went_silent_is_noticed_and_replaced() throws Exception {
        FaultProxy proxy = keep(FaultProxy.to(db.port(), 2));
        Notifications notifications = notifications(proxy.port());
        Heard heard = new Heard();
        notifications.listen("orders", heard);
        awaitMode(notifications, Mode.NOTIFY);
        int before = heard.catchUps();
        proxy.stall();
        db.notify("orders", "lost");
        awaitMode(notifications, Mode.RECONNECTING);
        proxy.pass();
        awaitMode(notifications, Mode.NOTIFY);
        await().untilAsserted(() -> assertThat(heard.catchUps()).isGreaterThan(before));
        db.notify("orders", "after");
        await().untilAsserted(() -> assertThat(heard.payloads()).contains("after"));
    }

    private Listener listener() {
        try {
            return keep(factory(db, db.port()).connect(PATIENCE));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Notifications notifications(int port) {
        return keep(Notifications.builder(db.source())
                .listener(factory(db, port))
                .settings(WITHOUT_POLLING)
                .start());
    }

    private <T extends AutoCloseable> T keep(T one) {
        open.add(one);
        return one;
    }

    private static void awaitMode(Notifications notifications, Mode mode) {
        await().untilAsserted(() -> assertThat(notifications.mode()).isEqualTo(mode));
    }

    private static List<Notification> arrivals(Listener listener, int expected) throws SQLException {
        List<Notification> all = new ArrayList<>();
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (all.size() < expected && System.nanoTime() < end) {
            all.addAll(listener.await(Duration.ofMillis(200)));
        }
        return all;
    }

    private static CompletableFuture<List<Notification>> awaitInBackground(Listener listener, Duration timeout) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return listener.await(timeout);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
