package io.pgflow.notify;

import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of the one LISTEN connection: connect, LISTEN to everything, only then let all catch up, then wait; for ever again.
 *
 * <p>The order matters: who catches up before LISTEN is active misses what is committed in between. This thread alone uses the
 * connection and alone changes the mode.
 */
final class ListenLoop implements Runnable, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ListenLoop.class);

    private final NotificationSettings settings;
    private final Connector connector;
    private final Subscriptions subscriptions;
    private final Modes modes;
    private final Supplier<Probe> probes;
    private final Backoff backoff;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable Listener current;
    private boolean warnedOfPolling;
    private boolean warnedOfLoss;

    ListenLoop(
            NotificationSettings settings,
            Connector connector,
            Subscriptions subscriptions,
            Modes modes,
            Supplier<Probe> probes) {
        this.settings = settings;
        this.connector = connector;
        this.subscriptions = subscriptions;
        this.modes = modes;
        this.probes = probes;
        this.backoff = new Backoff(settings.reconnectCap());
    }

    @Override
    public void run() {
        try {
            do {
                live();
            } while (!closed.await(backoff.next().toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            log.debug("The listening thread was interrupted: closing");
        }
    }

    /** Something changed that the thread should look at. */
    void wake() {
        Listener listener = current;
        if (listener != null) {
            listener.wake();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        wake();
    }

    private void live() throws InterruptedException {
        try (Listener listener = connector.connect()) {
            current = listener;
            serve(listener);
        } catch (SQLException | RuntimeException e) {
            lost(e);
        } finally {
            current = null;
        }
    }

    private void serve(Listener listener) throws SQLException {
        Probe probe = probes.get();
        Set<String> active = new HashSet<>();
        subscriptions.takeFresh();
        listener.listen(probe.channel());
        listenAsWanted(listener, active);
        subscriptions.catchUp();
        backoff.reset();
        warnedOfLoss = false;
        probe.send();
        long lastSign = System.nanoTime();
        while (closed.getCount() > 0) {
            followSubscriptions(listener, active);
            Duration silence = Duration.ofNanos(System.nanoTime() - lastSign);
            if (silence.compareTo(settings.keepAlive()) >= 0) {
                listener.ping();
                lastSign = System.nanoTime();
                silence = Duration.ZERO;
            }
            List<Notification> arrived =
                    listener.await(shorter(settings.keepAlive().minus(silence), probe.remaining()));
            if (!arrived.isEmpty()) {
                lastSign = System.nanoTime();
            }
            arrived.stream().filter(one -> !probe.takes(one)).forEach(subscriptions::deliver);
            probe.check();
            report(probe);
        }
    }

    /** New subscriptions may have come meanwhile; they catch up after their channel is active, like everybody after a reconnect. */
    private void followSubscriptions(Listener listener, Set<String> active) throws SQLException {
        List<Inbox> fresh = subscriptions.takeFresh();
        listenAsWanted(listener, active);
        fresh.forEach(Inbox::catchUp);
    }

    private void listenAsWanted(Listener listener, Set<String> active) throws SQLException {
        Set<String> wanted = subscriptions.channels();
        for (String channel : wanted) {
            if (active.add(channel)) {
                listener.listen(channel);
            }
        }
        for (String channel : Set.copyOf(active)) {
            if (!wanted.contains(channel)) {
                listener.unlisten(channel);
                active.remove(channel);
            }
        }
    }

    private void report(Probe probe) {
        if (probe.proven()) {
            if (modes.mode() != Mode.NOTIFY) {
                log.info("Notifications arrive");
            }
            modes.change(Mode.NOTIFY, "notifications arrive");
            warnedOfPolling = false;
        } else if (probe.failed() && modes.mode() != Mode.POLLING) {
            String reason = "a notification to ourselves did not arrive within " + settings.probeWithin()
                    + "; is there a transaction pooler between, or does the listening DataSource name another database?";
            modes.change(Mode.POLLING, reason);
            if (!warnedOfPolling) {
                log.warn(
                        "[PGF-NTF-015] Polling every {}: {} Give listenOn(..) a DataSource that connects to the server itself.",
                        settings.pollInterval(),
                        reason);
                warnedOfPolling = true;
            }
        }
    }

    private void lost(Exception e) {
        if (closed.getCount() == 0) {
            return;
        }
        if (warnedOfLoss) {
            log.debug("[PGF-NTF-016] Still no LISTEN connection", e);
        } else {
            log.warn("[PGF-NTF-016] No LISTEN connection; polling and reconnecting: {}", e.toString());
        }
        warnedOfLoss = true;
        modes.change(Mode.RECONNECTING, e.toString());
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
