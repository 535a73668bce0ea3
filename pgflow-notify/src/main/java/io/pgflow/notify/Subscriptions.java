package io.pgflow.notify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Who listens to which channel. Handlers are never called under its lock. */
final class Subscriptions {
    private final Map<String, List<Inbox>> byChannel = new LinkedHashMap<>();
    private final List<Inbox> fresh = new ArrayList<>();
    private volatile Runnable onChange = () -> {};

    /** Who is told when the set of channels may have changed. */
    void onChange(Runnable told) {
        onChange = told;
    }

    void add(Inbox inbox) {
        synchronized (this) {
            byChannel
                    .computeIfAbsent(inbox.channel(), missing -> new ArrayList<>())
                    .add(inbox);
            fresh.add(inbox);
        }
        onChange.run();
    }

    void remove(Inbox inbox) {
        synchronized (this) {
            byChannel.computeIfPresent(inbox.channel(), (channel, inboxes) -> {
                inboxes.remove(inbox);
                return inboxes.isEmpty() ? null : inboxes;
            });
            fresh.remove(inbox);
        }
        onChange.run();
    }

    synchronized Set<String> channels() {
        return Set.copyOf(byChannel.keySet());
    }

    /** The subscriptions made since the last call: they have to catch up once their channel is listened to. */
    synchronized List<Inbox> takeFresh() {
        List<Inbox> taken = List.copyOf(fresh);
        fresh.clear();
        return taken;
    }

    void deliver(Notification notification) {
        of(notification.channel()).forEach(inbox -> inbox.put(notification.payload()));
    }

    void catchUp() {
        all().forEach(Inbox::catchUp);
    }

    void poll() {
        all().forEach(Inbox::poll);
    }

    void close() {
        all().forEach(Inbox::close);
    }

    private synchronized List<Inbox> of(String channel) {
        return List.copyOf(byChannel.getOrDefault(channel, List.of()));
    }

    private synchronized List<Inbox> all() {
        return byChannel.values().stream().flatMap(List::stream).toList();
    }
}
