package io.pgflow.notify;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The asking side of one queue. All who ask share one subscription; a hint carries the correlation, so only the right one looks. */
final class Requester implements NotificationHandler {
    private static final Logger log = LoggerFactory.getLogger(Requester.class);
    private static final Duration SWEEP_EVERY = Duration.ofMinutes(10);

    private final Correspondence letters;
    private final Map<String, Semaphore> waiting = new ConcurrentHashMap<>();
    private volatile boolean stopped;
    private long nextSweep = System.nanoTime();

    Requester(Correspondence letters) {
        this.letters = letters;
    }

    @Override
    public void notified(String correlation) {
        Semaphore hint = waiting.get(correlation);
        if (hint == null) {
            log.debug("A reply for somebody else, or one that comes too late: {}", correlation);
        } else {
            hint.release();
        }
    }

    @Override
    public void caughtUp() {
        waiting.values().forEach(Semaphore::release);
        if (System.nanoTime() - nextSweep >= 0) {
            nextSweep = System.nanoTime() + SWEEP_EVERY.toNanos();
            letters.sweep();
        }
    }

    /** Nobody will be told any more; who still waits is told that at least. */
    void stop() {
        stopped = true;
        waiting.values().forEach(Semaphore::release);
    }

    String request(String json, Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        String correlation = UUID.randomUUID().toString();
        Semaphore hint = new Semaphore(0);
        waiting.put(correlation, hint);
        try {
            long id = letters.ask(correlation, json);
            while (hint.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                hint.drainPermits();
                if (stopped) {
                    throw new NotificationException(
                            "PGF-NTF-007", "closed while waiting for a reply; the request may still be answered");
                }
                Optional<Correspondence.Reply> reply = letters.take(correlation);
                if (reply.isPresent()) {
                    return bodyOf(reply.get());
                }
            }
            return lastLook(correlation, id, timeout);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NotificationException(
                    "PGF-NTF-011", "interrupted while waiting for a reply; the request may still be answered", e);
        } finally {
            waiting.remove(correlation);
        }
    }

    /** The hint may have been lost. And a request that nobody has begun need not be answered any more. */
    private String lastLook(String correlation, long id, Duration timeout) {
        Optional<Correspondence.Reply> reply = letters.take(correlation);
        if (reply.isPresent()) {
            return bodyOf(reply.get());
        }
        letters.takeBack(id);
        throw new NotificationException(
                "PGF-NTF-011", "no reply within " + timeout + "; is somebody replying? try again, or wait longer");
    }

    private static String bodyOf(Correspondence.Reply reply) {
        if (reply.error() != null) {
            throw new NotificationException(
                    "PGF-NTF-012",
                    "the request failed where it was handled: " + reply.error() + "; look at the replying side");
        }
        return String.valueOf(reply.body());
    }
}
