package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who catches up before LISTEN is active misses what is committed in between. */
@Timeout(120)
class CatchUpOrderTest {
    /** How long a LISTEN is held back; a call to catch up within that time came too early. */
    private static final long HELD_BACK_MILLIS = 300;

    private final Db db = Db.fresh();
    private final Map<String, CountDownLatch> heldBack = new ConcurrentHashMap<>();
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
        heldBack.getOrDefault(channel, new CountDownLatch(0)).countDown();
    }

    private final class HeldBack implements Listener {
        private final Listener real;

        HeldBack(Listener real) {
            this.real = real;
        }

        @Override
        public void listen(String channel) throws SQLException {
            CountDownLatch early = new CountDownLatch(1);
            heldBack.put(channel, early);
            listens.incrementAndGet();
            try {
                if (early.await(HELD_BACK_MILLIS, TimeUnit.MILLISECONDS)) {
                    tooEarly.incrementAndGet();
                }
            } catch (InterruptedException e) {
                throw new SQLException(e);
            }
            real.listen(channel);
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
