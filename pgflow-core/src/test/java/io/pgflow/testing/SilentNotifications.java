package io.pgflow.testing;

import io.pgflow.notify.NotificationSettings;
import io.pgflow.notify.Notifications;
import java.lang.reflect.Proxy;
import javax.sql.DataSource;

/** Notifications that are turned off and have no database: what is told stays in this process. */
public final class SilentNotifications {

    private SilentNotifications() {}

    /** To be closed by whoever starts them. */
    public static Notifications start() {
        return Notifications.builder(nowhere())
                .settings(NotificationSettings.defaults().withEnabled(false))
                .start();
    }

    private static DataSource nowhere() {
        return (DataSource) Proxy.newProxyInstance(
                SilentNotifications.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (self, method, arguments) -> {
                    throw new IllegalStateException("nobody should call " + method);
                });
    }
}
