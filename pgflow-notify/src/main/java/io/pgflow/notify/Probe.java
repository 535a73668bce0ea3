package io.pgflow.notify;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Do notifications arrive at all? A transaction pooler, another database or a proxy may swallow them without an error. So we send one to
 * ourselves, through the DataSource that everybody sends through, to a channel of our own. One probe belongs to one connection.
 */
final class Probe {
    private static final Logger log = LoggerFactory.getLogger(Probe.class);

    private final String channel = "pgflow_self_" + UUID.randomUUID().toString().replace("-", "");
    private final NotificationSettings settings;
    private final Consumer<Notification> sender;
    private final Executor threads;
    private long sentAt;
    private boolean proven;
    private boolean failed;

    Probe(NotificationSettings settings, Consumer<Notification> sender, Executor threads) {
        this.settings = settings;
        this.sender = sender;
        this.threads = threads;
    }

    String channel() {
        return channel;
    }

    boolean proven() {
        return proven;
    }

    boolean failed() {
        return failed && !proven;
    }

    /** On another thread: that DataSource may have no connection to give just now. */
    void send() {
        sentAt = System.nanoTime();
        threads.execute(() -> {
            try {
                sender.accept(new Notification(channel, ""));
            } catch (RuntimeException e) {
                log.debug("The notification to ourselves could not be sent", e);
            }
        });
    }

    /** Whether this was ours; once it is, notifications arrive. */
    boolean takes(Notification notification) {
        boolean ours = notification.channel().equals(channel);
        proven |= ours;
        return ours;
    }

    /** Decides what is overdue, and sends again at the low rate. */
    void check() {
        if (!proven && remaining().isZero()) {
            if (failed) {
                send();
            }
            failed = true;
        }
    }

    /** Until {@link #check()} has something to do. */
    Duration remaining() {
        Duration patience = failed ? settings.probeEvery() : settings.probeWithin();
        Duration left = patience.minusNanos(System.nanoTime() - sentAt);
        return proven ? settings.keepAlive() : left.isNegative() ? Duration.ZERO : left;
    }
}
