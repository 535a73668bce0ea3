package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who catches up before LISTEN is active misses what is committed in between. */
@Timeout(120)
class CatchUpOrderTest {
    /** How long each LISTEN is held back, so that a handler that is called too early really runs too early. */
    private static final Duration HELD_BACK = Duration.ofMillis(300);

    private final Db db = Db.fresh();
    private final Set<String> active = ConcurrentHashMap.newKeySet();
    private final AtomicInteger listens = new AtomicInteger();
    private final AtomicInteger tooEarly = new AtomicInteger();

    @Test
    void nobody_catches_up_before_the_channel_is_active() {
        Listener.Factory real = Listener.pgjdbc(db.listening());
        NotificationSettings settings = NotificationSettings.defaults()
                .withPollFloor(Duration.ofHours(1))
                .withPollInterval(Duration.ofHours(1));
        try (Notifications notifications = Notifications.builder(db.source())
                .listener(within -> new HeldBack(real.connect(within)))
                .settings(settings)
                .start()) {
            Heard heard = new Heard(() -> caughtUp("first"));
            notifications.listen("first", heard);
            await().until(() -> notifications.mode() == Mode.NOTIFY && heard.catchUps() > 0);
            // On the live connection.
            Heard second = new Heard(() -> caughtUp("second"));
            notifications.listen("second", second);
            await().until(() -> second.catchUps() > 0);
            // And when the connection comes back.
            int before = heard.catchUps();
            db.killOthers();
            await().until(() -> heard.catchUps() > before);
        }
        assertThat(listens.get()).isGreaterThanOrEqualTo(4);
        assertThat(tooEarly).hasValue(0);
    }

    private void caughtUp(String channel) {
        if (!active.contains(channel)) {
            tooEarly.incrementAndGet();
        }
    }

    private final class HeldBack implements Listener {
        private final Listener real;

        HeldBack(Listener real) {
            this.real = real;
            active.clear();
        }

        @Override
        public void listen(String channel) throws SQLException {
            listens.incrementAndGet();
            LockSupport.parkNanos(HELD_BACK.toNanos());
            real.listen(channel);
            active.add(channel);
        }

        @Override
        public void unlisten(String channel) throws SQLException {
            real.unlisten(channel);
        }

        @Override
        public List<Notification> await(Duration timeout) throws SQLException {
            return real.await(timeout);
        }

        @Override
        public void wake() {
            real.wake();
        }

        @Override
        public void ping() throws SQLException {
            real.ping();
        }

        @Override
        public void close() {
            real.close();
        }
    }
}
