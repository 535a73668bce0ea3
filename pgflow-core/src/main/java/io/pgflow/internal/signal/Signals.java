package io.pgflow.internal.signal;

import io.pgflow.notify.Mode;
import io.pgflow.notify.NotificationException;
import io.pgflow.notify.NotificationHandler;
import io.pgflow.notify.Notifications;
import io.pgflow.notify.Subscription;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes hints on: to whoever asked for them in this process, at once, and to other processes by NOTIFY.
 *
 * <p>The server sends a NOTIFY back to the process that it came from, too. Payloads of ours end with a space and a mark of this
 * process, and what carries our own mark is dropped: whom it concerns here has looked already.
 */
public final class Signals implements AutoCloseable {

    /** There is work; the payload is the queue. */
    private static final String TASKS = "pgflow_tasks";
    /** Stands for the hints of starts, whatever queues they name, where turns are counted; nobody sends it. */
    private static final String STARTS = "starts";
    /** Something happened: look at the events. */
    private static final String EVENTS = "pgflow_events";
    /** A run was cancelled; the payload is its id. */
    private static final String CANCEL = "pgflow_cancel";

    /** A handler told something; the payload is the id of its run. */
    private static final String PROGRESS = "pgflow_progress";

    private static final Logger log = LoggerFactory.getLogger(Signals.class);

    private final Notifications notifications;
    /** Says which hints are our own. */
    private final String mark = " " + UUID.randomUUID().toString().substring(0, 13);

    private final List<Consumer<Set<String>>> onWork = new CopyOnWriteArrayList<>();
    private final List<Runnable> onEvents = new CopyOnWriteArrayList<>();
    private final List<Runnable> onEventsElsewhere = new CopyOnWriteArrayList<>();
    private final List<Runnable> onCancel = new CopyOnWriteArrayList<>();
    private final List<Consumer<String>> onProgress = new CopyOnWriteArrayList<>();
    private final List<Runnable> onReachable = new CopyOnWriteArrayList<>();
    private final List<Consumer<List<UUID>>> onEnded = new CopyOnWriteArrayList<>();
    private final List<Subscription> subscriptions;

    public Signals(Notifications notifications) {
        this.notifications = notifications;
        this.subscriptions = List.of(
                notifications.listen(
                        TASKS, hint(queue -> tellWork(Set.of(queue)), () -> tellWork(Set.of()), this::tellPolledWork)),
                notifications.listen(EVENTS, hint(nothing -> tellNotified(), this::tellNotified, this::tellNotified)),
                notifications.listen(CANCEL, hint(run -> tell(onCancel), () -> {}, () -> {})),
                notifications.listen(PROGRESS, hint(this::tellProgress, () -> tellProgress(""), () -> {})));
    }

    /** Work was scheduled in these queues. */
    public void work(Set<String> queues) {
        if (!queues.isEmpty()) {
            tellWork(queues);
            queues.forEach(queue -> tellOthers(TASKS, queue));
        }
    }

    /**
     * What a start adds to the hints that it sends within its own transaction; empty when starts of this process told others so
     * often of late that this one shall not. Whoever got it has used up a turn.
     */
    public Optional<String> markOfStart() {
        return notifications.takeTurn(TASKS, STARTS) ? Optional.of(mark) : Optional.empty();
    }

    /** A start scheduled work in these queues, and its transaction has told others. */
    public void started(Set<String> queues) {
        if (!queues.isEmpty()) {
            tellWork(queues);
        }
        tell(onEvents);
    }

    /** A state changed somewhere; these runs have ended by it. */
    public void happened(List<UUID> endedRuns) {
        if (!endedRuns.isEmpty()) {
            onEnded.forEach(listener -> listener.accept(endedRuns));
        }
        tell(onEvents);
        tellOthers(EVENTS, "");
    }

    /** These runs were cancelled: whoever runs their handlers should stop. */
    public void cancelled(List<UUID> runs) {
        tell(onCancel);
        runs.forEach(run -> tellOthers(CANCEL, run.toString()));
    }

    /** Handlers of these runs told something. */
    public void progressed(Set<UUID> runs) {
        for (UUID run : runs) {
            tellProgress(run.toString());
            tellOthers(PROGRESS, run.toString());
        }
    }

    /** A connection was had again after one could not be had. */
    public void reachable() {
        tell(onReachable);
    }

    /** Calls the listener when this process has got a connection again after one could not be had. Must not block. */
    public Listening onReachable(Runnable listener) {
        return added(onReachable, listener);
    }

    /** Calls the listener with the run of which something was told; with nothing when it may be any. Must not block. */
    public Listening onProgress(Consumer<String> listener) {
        return added(onProgress, listener);
    }

    /** Calls the listener with queues that may have work; with none when any may. Must not block. */
    public Listening onWork(Consumer<Set<String>> listener) {
        return added(onWork, listener);
    }

    /** Calls the listener when there may be new events. Must not block. */
    public Listening onEvents(Runnable listener) {
        return added(onEvents, listener);
    }

    /**
     * Calls the listener when another process said that there may be new events, or may have said so unheard. Must not block.
     */
    public Listening onEventsElsewhere(Runnable listener) {
        return added(onEventsElsewhere, listener);
    }

    /** Calls the listener when running tasks may have been taken away. Must not block. */
    public Listening onCancel(Runnable listener) {
        return added(onCancel, listener);
    }

    /** Calls the listener with runs that ended by what this process did. Must not block. */
    public Listening onEnded(Consumer<List<UUID>> listener) {
        return added(onEnded, listener);
    }

    @Override
    public void close() {
        subscriptions.forEach(Subscription::close);
    }

    /** What was done is done, whether or not others hear of it: an engine that is closed tells nobody. */
    private void tellOthers(String channel, String payload) {
        try {
            notifications.notifyLater(channel, payload + mark);
        } catch (NotificationException e) {
            log.debug("others find it by polling: {}", e.getMessage());
        }
    }

    private void tellWork(Set<String> queues) {
        onWork.forEach(listener -> listener.accept(queues));
    }

    /** While notifications arrive, upkeep's question is enough to find what was not announced. */
    private void tellPolledWork() {
        if (notifications.mode() != Mode.NOTIFY) {
            tellWork(Set.of());
        }
    }

    private void tellProgress(String run) {
        onProgress.forEach(listener -> listener.accept(run));
    }

    private void tellNotified() {
        tell(onEvents);
        tell(onEventsElsewhere);
    }

    private static void tell(List<Runnable> listeners) {
        listeners.forEach(Runnable::run);
    }

    private static <T> Listening added(List<T> listeners, T listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    private NotificationHandler hint(Consumer<String> notified, Runnable caughtUp, Runnable polled) {
        return new NotificationHandler() {
            @Override
            public void notified(String payload) {
                if (!payload.endsWith(mark)) {
                    int end = payload.indexOf(' ');
                    notified.accept(end < 0 ? payload : payload.substring(0, end));
                }
            }

            @Override
            public void caughtUp() {
                caughtUp.run();
            }

            @Override
            public void polled() {
                polled.run();
            }
        };
    }
}
