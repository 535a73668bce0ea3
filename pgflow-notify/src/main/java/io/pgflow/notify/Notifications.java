package io.pgflow.notify;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * How do processes that share a database tell each other that something happened?
 *
 * <p>{@link #send} puts a durable message into a pgmq queue and notifies with its id, {@link #notify} only notifies, {@link #listen}
 * hears of it. Notifications are hints: a handler gets {@code caughtUp()} whenever some may have been lost and then looks for itself.
 * One instance holds one LISTEN connection, however many subscriptions there are; one instance per process is enough. When the
 * connection breaks it is made again for ever; {@link #mode()} tells how things stand.
 *
 * <p>All methods may be called from any thread. They throw {@link NotificationException} with a code.
 */
public final class Notifications implements AutoCloseable {
    private final NotificationSettings settings;
    private final Calls calls;
    private final Queues queues;
    private final Subscriptions subscriptions = new Subscriptions();
    private final Map<String, Requester> requesters = new ConcurrentHashMap<>();
    private final HandlerThreads threads = new HandlerThreads();
    private final Modes modes;
    private final Announcer announcer;
    private final OwnThread announcing;
    private final PollFloor floor;
    private final @Nullable ListenLoop loop;
    private final @Nullable OwnThread listening;
    private volatile boolean closed;

    private Notifications(DataSource source, Listener.Factory factory, NotificationSettings settings) {
        this.settings = settings;
        calls = new Calls(source, settings.callWithin());
        queues = new Queues(calls, settings.enabled());
        announcer = new Announcer(calls, settings.coalesceWindow());
        modes = settings.enabled()
                ? new Modes(Mode.RECONNECTING, "connecting for the first time")
                : new Modes(Mode.OFF, "switched off by the setting enabled");
        floor = new PollFloor(settings, modes, subscriptions);
        loop = settings.enabled() ? loop(factory) : null;
        if (loop != null) {
            subscriptions.onChange(loop::wake);
        }
        announcing = OwnThread.start("announce", announcer);
        OwnThread.start("floor", floor);
        listening = loop == null ? null : OwnThread.start("listen", loop);
    }

    /** Sends and listens through one DataSource, with pgjdbc and the default settings. */
    public static Notifications on(DataSource source) {
        return builder(source).start();
    }

    /** For another DataSource to listen on, another driver, or other settings. */
    public static Builder builder(DataSource source) {
        return new Builder(source);
    }

    /** Notifies, in a transaction of its own. The payload may be empty and has fewer than 8000 bytes. Nothing happens in mode OFF. */
    public void notify(String channel, String payload) {
        Notification notification = checked(channel, payload);
        if (settings.enabled()) {
            calls.call("Notifying " + channel, connection -> notify(connection, notification));
        }
    }

    /** Notifies in the transaction of the caller: receivers hear of it when, and only if, that commits. */
    public void notify(Connection connection, String channel, String payload) {
        Notification notification = checked(channel, payload);
        if (settings.enabled()) {
            Calls.callOn(connection, "Notifying " + channel, same -> notify(same, notification));
        }
    }

    /**
     * Notifies soon, from another thread: the same channel and payload at most once in each {@link NotificationSettings#coalesceWindow()}
     * in the long run, and at once, up to five times in a row, when there were few before. Whatever was true at the last call is
     * announced after that call. Never waits for the database; what cannot be sent is logged and dropped.
     *
     * @throws NotificationException only for a channel or payload that could never be sent
     */
    public void notifyLater(String channel, String payload) {
        Notification notification = checked(channel, payload);
        if (settings.enabled()) {
            announcer.announce(notification);
        }
    }

    /**
     * Whether {@link #notifyLater} would send this at once; true counts as if it had. Whoever is about to commit a transaction anyway
     * may then notify in that one instead, which saves another. Always false in mode OFF and once this is closed.
     */
    public boolean takeTurn(String channel, String payload) {
        var notification = new Notification(Names.channel(channel), Names.payload(payload));
        return settings.enabled() && announcer.takeTurn(notification);
    }

    /**
     * Calls the handler for each notification of the channel, and {@code caughtUp()} when LISTEN is active. Returns at once. Several
     * subscriptions of one channel each get everything.
     */
    public Subscription listen(String channel, NotificationHandler handler) {
        Names.channel(channel);
        return subscribe(inbox(channel, handler, subscriptions::remove));
    }

    /** Makes sure that the queue exists. */
    public void createQueue(String queue) {
        open();
        queues.create(queue);
    }

    /** Puts a message into the queue and notifies the channel with its id, in one transaction; returns the id. */
    public long send(String queue, String channel, String json) {
        open();
        return queues.send(queue, channel, json);
    }

    /** The same in the transaction of the caller: when it rolls back there is no message, and nobody is notified. */
    public long send(Connection connection, String queue, String channel, String json) {
        return queues.send(connection, queue, channel, json);
    }

    /**
     * Reads up to {@code limit} (1 to 10,000) messages, oldest first, and hides them from other readers for {@code visibility} (whole
     * seconds, rounded up; at most 30 days). What is not deleted or archived by then is read again.
     */
    public List<Message> receive(String queue, Duration visibility, int limit) {
        open();
        return queues.receive(queue, visibility, limit);
    }

    /** Removes a message that was dealt with; false when it was not there any more. */
    public boolean delete(String queue, long id) {
        open();
        return queues.delete(queue, id);
    }

    /** Moves a message into the queue's archive; false when it was not there any more. */
    public boolean archive(String queue, long id) {
        open();
        return queues.archive(queue, id);
    }

    /**
     * Asks whoever replies to the queue and waits for the answer; both are JSON. The request lies in the queue, its answer in
     * {@code <queue>_replies} (both made when missing; the name has at most 32 characters). It may be handled twice, and even when this
     * gives up.
     *
     * @throws NotificationException {@code PGF-NTF-011} no reply in time, {@code PGF-NTF-012} the handler over there failed
     */
    public String request(String queue, String json, Duration timeout) {
        open();
        return requesters.computeIfAbsent(queue, this::requester).request(json, timeout);
    }

    /**
     * Replies to the requests of the queue, one at a time, until the result is closed. Several subscriptions, here or in other
     * processes, share the requests.
     */
    public Subscription reply(String queue, RequestHandler handler) {
        Correspondence letters = letters(queue);
        Replier replier = new Replier(letters, handler, settings.replyWithin());
        return subscribe(inbox(letters.requestChannel(), replier, inbox -> {
            replier.stop();
            subscriptions.remove(inbox);
        }));
    }

    /** How subscriptions learn of news at the moment. */
    public Mode mode() {
        return modes.mode();
    }

    /** Why it is so, in words for a person. */
    public String modeReason() {
        return modes.reason();
    }

    /** Calls the watcher with the mode of now and at each change, in order, until the result is closed. */
    public Subscription onMode(Consumer<Mode> watcher) {
        NotificationHandler handler = new NotificationHandler() {
            @Override
            public void notified(String mode) {
                watcher.accept(Mode.valueOf(mode));
            }

            @Override
            public void caughtUp() {
                watcher.accept(mode());
            }
        };
        Inbox inbox = inbox("mode", handler, modes::unwatch);
        modes.watch(inbox);
        return inbox;
    }

    /** The settings in use. */
    public NotificationSettings settings() {
        return settings;
    }

    /** Sends what {@link #notifyLater} still holds, ends the connection and the threads; running handlers are interrupted after 1 s. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        announcer.close();
        floor.close();
        subscriptions.close();
        requesters.values().forEach(Requester::stop);
        if (loop != null) {
            loop.close();
        }
        announcing.join(Duration.ofSeconds(2));
        if (listening != null) {
            listening.join(Duration.ofSeconds(1));
            listening.interrupt();
        }
        threads.close();
    }

    private ListenLoop loop(Listener.Factory factory) {
        Connector connector = new Connector(factory, settings.answerWithin(), threads);
        Consumer<Notification> sender =
                notification -> calls.call("Probing", connection -> notify(connection, notification));
        return new ListenLoop(settings, connector, subscriptions, modes, () -> new Probe(settings, sender, threads));
    }

    private Requester requester(String queue) {
        Correspondence letters = letters(queue);
        Requester requester = new Requester(letters);
        listen(letters.replyChannel(), requester);
        return requester;
    }

    private Correspondence letters(String queue) {
        open();
        Correspondence letters = new Correspondence(calls, settings.enabled(), queue);
        queues.create(queue);
        queues.create(letters.replies());
        return letters;
    }

    private Inbox inbox(String name, NotificationHandler handler, Consumer<Inbox> onClose) {
        open();
        return new Inbox(name, handler, settings.inboxSize(), threads, onClose);
    }

    private Subscription subscribe(Inbox inbox) {
        subscriptions.add(inbox);
        if (loop == null) {
            inbox.catchUp();
        }
        return inbox;
    }

    private Notification checked(String channel, String payload) {
        open();
        return new Notification(Names.channel(channel), Names.payload(payload));
    }

    private void open() {
        if (closed) {
            throw new NotificationException(
                    "PGF-NTF-007", "these Notifications are closed; use them before, or make new ones");
        }
    }

    private static boolean notify(Connection connection, Notification notification) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("select pg_catalog.pg_notify(?, ?)")) {
            statement.setString(1, notification.channel());
            statement.setString(2, notification.payload());
            return statement.execute();
        }
    }

    /** Where and how to listen; see {@link Notifications#builder}. */
    public static final class Builder {
        private final DataSource source;
        private Listener.Factory factory;
        private NotificationSettings settings = NotificationSettings.defaults();

        private Builder(DataSource source) {
            this.source = source;
            this.factory = Listener.pgjdbc(source);
        }

        /**
         * Where to LISTEN with pgjdbc (default: the DataSource that sends). Give an unpooled one that connects to the server itself: a
         * pool would lend one of its connections for good, and a transaction pooler swallows notifications.
         */
        public Builder listenOn(DataSource direct) {
            return listener(Listener.pgjdbc(direct));
        }

        /** How to LISTEN (default: pgjdbc); replaces {@link #listenOn}. */
        public Builder listener(Listener.Factory listener) {
            factory = listener;
            return this;
        }

        public Builder settings(NotificationSettings changed) {
            settings = changed;
            return this;
        }

        /** Returns at once; the connection is made in the background, again and again if need be. */
        public Notifications start() {
            return new Notifications(source, factory, settings);
        }
    }
}
