package io.pgflow.notify;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits for the handler of one subscription. It borrows a thread only while something waits, one at a time, so that calls come in
 * order and a slow handler holds up nobody else. When too much waits, it all becomes one {@code caughtUp()}.
 */
final class Inbox implements Subscription {
    private static final Logger log = LoggerFactory.getLogger(Inbox.class);

    private final String channel;
    private final NotificationHandler handler;
    private final int size;
    private final Executor threads;
    private final Consumer<Inbox> onClose;

    private final Deque<String> payloads = new ArrayDeque<>();
    private boolean catchUp;
    private boolean poll;
    private boolean running;
    private boolean closed;

    Inbox(String channel, NotificationHandler handler, int size, Executor threads, Consumer<Inbox> onClose) {
        this.channel = channel;
        this.handler = handler;
        this.size = size;
        this.threads = threads;
        this.onClose = onClose;
    }

    @Override
    public String channel() {
        return channel;
    }

    synchronized void put(String payload) {
        if (payloads.size() >= size) {
            payloads.clear();
            catchUp = true;
        } else {
            payloads.add(payload);
        }
        start();
    }

    synchronized void catchUp() {
        catchUp = true;
        start();
    }

    synchronized void poll() {
        poll = true;
        start();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            payloads.clear();
        }
        onClose.accept(this);
    }

    private synchronized void start() {
        if (running || closed) {
            return;
        }
        try {
            threads.execute(this::drain);
            running = true;
        } catch (RejectedExecutionException e) {
            log.debug("{} is not told any more: closed", channel);
        }
    }

    private void drain() {
        for (Runnable call = next(); call != null; call = next()) {
            try {
                call.run();
            } catch (RuntimeException | Error e) {
                log.error(
                        "[PGF-NTF-014] The handler of {} threw; it stays subscribed and gets the next call",
                        channel,
                        e);
            }
        }
    }

    private synchronized @Nullable Runnable next() {
        if (!closed && catchUp) {
            catchUp = false;
            poll = false;
            return handler::caughtUp;
        }
        if (!closed && poll) {
            poll = false;
            return handler::polled;
        }
        String payload = closed ? null : payloads.poll();
        if (payload == null) {
            running = false;
            return null;
        }
        return () -> handler.notified(payload);
    }
}
