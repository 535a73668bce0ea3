package io.pgflow.notify;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** The examples of docs/notifications.md. */
class NotificationsExampleTest {
    private final Db database = Db.withQueues();
    private final DataSource pool = database.source();
    private final DataSource direct = database.listening();
    private final List<String> done = new CopyOnWriteArrayList<>();

    @Test
    void a_message_that_is_sent_is_worked_off() {
        // region send-and-listen
        Notifications notifications =
                Notifications.builder(pool).listenOn(direct).start();
        notifications.createQueue("orders");
        notifications.listen("orders_changed", new NotificationHandler() {
            @Override
            public void notified(String id) {
                work(notifications);
            }

            @Override
            public void caughtUp() {
                work(notifications);
            }
        });
        notifications.send("orders", "orders_changed", "{\"item\": 7}");
        // endregion

        try (notifications) {
            await().until(() -> done.equals(List.of("{\"item\": 7}")));
        }
    }

    @Test
    void the_other_driver_hears_too() {
        String url = database.url(database.port());
        String user = database.user();
        String password = database.password();
        // region other-driver
        Notifications notifications = Notifications.builder(pool)
                .listener(Listener.pgjdbcNg(url, user, password))
                .start();
        // endregion

        try (notifications) {
            await().until(() -> notifications.mode() == Mode.NOTIFY);
        }
    }

    private void work(Notifications notifications) {
        for (Message message : notifications.receive("orders", Duration.ofMinutes(1), 10)) {
            done.add(message.json());
            notifications.delete("orders", message.id());
        }
    }
}
