package io.pgflow.notify;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The mode of the moment and those who want to know. Only the listening thread changes it. */
final class Modes {
    private final List<Inbox> watchers = new CopyOnWriteArrayList<>();
    private volatile Reported reported;

    Modes(Mode mode, String reason) {
        reported = new Reported(mode, reason);
    }

    record Reported(Mode mode, String reason) {}

    Mode mode() {
        return reported.mode();
    }

    String reason() {
        return reported.reason();
    }

    void change(Mode mode, String reason) {
        boolean same = mode == reported.mode();
        reported = new Reported(mode, reason);
        if (!same) {
            watchers.forEach(watcher -> watcher.put(mode.name()));
        }
    }

    void watch(Inbox watcher) {
        watchers.add(watcher);
        watcher.put(mode().name());
    }

    void unwatch(Inbox watcher) {
        watchers.remove(watcher);
    }
}
