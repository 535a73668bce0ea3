package io.pgflow.event;

import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.RunStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * How do I see what happens, live? Subscribe: from now on, or from a cursor that was kept. Made by {@code Pgflow}.
 *
 * <p>Each subscription reads for itself, on a thread of its own, so a slow subscriber delays only itself and misses nothing.
 * Within one process a few subscriptions are plenty; fan out from one where there are many listeners.
 */
public final class EventStream implements AutoCloseable {

    private final RunStore store;
    private final Signals signals;
    private final Duration pollInterval;
    private final List<EventSubscription> subscriptions = new CopyOnWriteArrayList<>();

    /** For {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public EventStream(RunStore store, Signals signals, Duration pollInterval) {
        this.store = store;
        this.signals = signals;
        this.pollInterval = pollInterval;
    }

    /**
     * Calls the subscriber with every event that is committed after this call returns, one at a time. What the subscriber
     * throws is logged, and the event counts as delivered.
     */
    public EventSubscription subscribe(Consumer<Event> subscriber) {
        return subscribe(now(), subscriber);
    }

    /** The same, beginning after a cursor. */
    public EventSubscription subscribe(EventCursor after, Consumer<Event> subscriber) {
        var subscription =
                new EventSubscription(store, signals, pollInterval, after, subscriber, subscriptions::remove);
        subscriptions.add(subscription);
        if (subscription.isClosed()) { // by its subscriber, before it stood in the list
            subscriptions.remove(subscription);
        }
        return subscription;
    }

    /** The cursor behind everything that is visible at this moment. */
    public EventCursor now() {
        return EventCursor.of(store.eventPosition());
    }

    /** Ends all subscriptions. */
    @Override
    public void close() {
        List.copyOf(subscriptions).forEach(EventSubscription::close);
    }
}
