package io.pgflow.event;

import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.signal.Listening;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.EventPage;
import io.pgflow.internal.store.EventRow;
import io.pgflow.internal.store.RunStore;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One reader of the events. Close it to stop; its cursor is where another may go on. */
public final class EventSubscription implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EventSubscription.class);
    private static final int LARGEST_PAGE = 1000;

    private final RunStore store;
    private final Duration pollInterval;
    private final Consumer<Event> subscriber;
    private final Consumer<EventSubscription> onClose;
    private final Bell bell = new Bell();
    private final Listening listening;
    private final Loop loop;
    private volatile EventCursor cursor;
    private volatile boolean closed;
    private boolean more = true;

    EventSubscription(
            RunStore store,
            Signals signals,
            Duration pollInterval,
            EventCursor cursor,
            Consumer<Event> subscriber,
            Consumer<EventSubscription> onClose) {
        this.store = store;
        this.pollInterval = pollInterval;
        this.cursor = cursor;
        this.subscriber = subscriber;
        this.onClose = onClose;
        this.listening = signals.onEvents(bell::ring);
        this.loop = Loop.start("pgflow-events", signals, this::round);
    }

    /** Behind the last page that the subscriber was given to the end. */
    public EventCursor cursor() {
        return cursor;
    }

    boolean isClosed() {
        return closed;
    }

    /**
     * Stops after the event of now; waits for the subscriber for at most five seconds, then interrupts it. The rest of a page that
     * is not delivered to its end comes again to whoever goes on from the cursor, and so does its beginning.
     */
    @Override
    public void close() {
        closed = true;
        onClose.accept(this);
        listening.close();
        loop.stop();
        bell.ring();
        loop.stopAndJoin(Duration.ofSeconds(5));
    }

    private void round() throws InterruptedException {
        if (!more) {
            bell.awaitAround(pollInterval);
        }
        try {
            deliverPage();
        } catch (RuntimeException e) {
            bell.ring(); // the hint is used up, and what it told is not read yet
            throw e;
        }
    }

    private void deliverPage() {
        EventCursor before = cursor;
        EventPage page = store.eventPage(before.position(), before.gapRanges(), LARGEST_PAGE);
        for (EventRow row : page.events()) {
            if (closed) {
                return;
            }
            deliver(row);
        }
        cursor = before.after(page);
        more = page.events().size() >= LARGEST_PAGE;
    }

    private void deliver(EventRow row) {
        try {
            subscriber.accept(Event.of(row));
        } catch (RuntimeException | Error e) {
            log.error("a subscriber failed at event {}; it gets the next one as usual", row.eventId(), e);
        }
    }
}
