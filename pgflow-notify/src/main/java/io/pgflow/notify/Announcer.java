package io.pgflow.notify;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends notifications that may be coalesced: one at once, the same one again and again only once in each window, and then for certain.
 * Who has been quiet has windows to spare: a few may follow each other without a pause, so that two things that happen 10 ms apart are no
 * burst.
 *
 * <p>PostgreSQL takes one lock of the whole database when a transaction with a NOTIFY commits; so these go apart from the transactions
 * that they speak of, and all that are due go in one. A failed one is dropped: it is a hint, and the poll floor is below it.
 */
final class Announcer implements Runnable, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Announcer.class);
    private static final int MOST_WAITING = 10_000;
    /** So many of one kind may go without a pause when there were none for as many windows. */
    private static final int MOST_TO_SPARE = 5;

    private final Calls calls;
    private final long windowNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Set<Notification> waiting = new LinkedHashSet<>();
    /** Each one sent uses up a window; when the windows used up by now end. */
    private final Map<Notification, Long> usedUntil = new HashMap<>();

    private boolean closed;
    private boolean failing;

    Announcer(Calls calls, Duration window) {
        this.calls = calls;
        this.windowNanos = window.toNanos();
    }

    void announce(Notification notification) {
        lock.lock();
        try {
            if (!closed && waiting.size() < MOST_WAITING && waiting.add(notification)) {
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether somebody else may send it now, who has used up a window then; never while one waits. */
    boolean takeTurn(Notification notification) {
        lock.lock();
        try {
            long now = System.nanoTime();
            if (closed || waiting.contains(notification) || untilAllowed(notification, now) > 0) {
                return false;
            }
            use(notification, now);
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void run() {
        try {
            for (List<Notification> due = takeDue(); !due.isEmpty(); due = takeDue()) {
                send(due);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What waits is still sent, without regard to the window. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until something is due; empty when closed and nothing is left. */
    private List<Notification> takeDue() throws InterruptedException {
        lock.lock();
        try {
            while (true) {
                long now = System.nanoTime();
                List<Notification> due = new ArrayList<>(waiting);
                due.removeIf(one -> !closed && untilAllowed(one, now) > 0);
                if (!due.isEmpty() || closed) {
                    due.forEach(waiting::remove);
                    due.forEach(one -> use(one, now));
                    return due;
                }
                changed.awaitNanos(untilDue(now));
            }
        } finally {
            lock.unlock();
        }
    }

    private void use(Notification notification, long now) {
        usedUntil.values().removeIf(until -> until - now <= 0);
        long used = Math.max(usedUntil.getOrDefault(notification, now) - now, 0) + windowNanos;
        usedUntil.put(notification, now + Math.min(used, MOST_TO_SPARE * windowNanos));
    }

    private long untilAllowed(Notification notification, long now) {
        Long until = usedUntil.get(notification);
        return until == null ? 0 : until - now - (MOST_TO_SPARE - 1) * windowNanos;
    }

    private long untilDue(long now) {
        return waiting.stream().mapToLong(one -> untilAllowed(one, now)).min().orElse(Long.MAX_VALUE);
    }

    private void send(List<Notification> due) {
        try {
            calls.call("Notifying", connection -> send(connection, due));
            failing = false;
        } catch (RuntimeException e) {
            if (failing) {
                log.debug("[PGF-NTF-017] {} hints could still not be sent", due.size(), e);
            } else {
                log.warn(
                        "[PGF-NTF-017] {} hints could not be sent and are dropped; receivers will poll", due.size(), e);
            }
            failing = true;
        }
    }

    private static boolean send(Connection connection, List<Notification> due) throws SQLException {
        String sql = """
                select pg_catalog.pg_notify(hint.channel, hint.payload)
                from unnest(?::text[], ?::text[]) as hint(channel, payload)
                """;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text", due.stream().map(Notification::channel).toArray()));
            statement.setArray(
                    2,
                    connection.createArrayOf(
                            "text", due.stream().map(Notification::payload).toArray()));
            return statement.execute();
        }
    }
}
