package io.pgflow.progress;

import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.signal.Listening;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.signal.Signals;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader of what is told of a run, on a thread of its own, until the run has ended. Close it to stop before; its position is where
 * another may go on.
 */
public final class ProgressSubscription implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ProgressSubscription.class);
    private static final int LARGEST_PAGE = 1000;

    private final Progress progress;
    private final Duration pollInterval;
    private final UUID runId;
    private final Consumer<Told> subscriber;
    private final Consumer<ProgressSubscription> onClose;
    private final Bell bell = new Bell();
    private final Listening listening;
    private final Loop loop;
    private volatile long position;
    private volatile boolean closed;
    private boolean more = true;

    ProgressSubscription(
            Progress progress,
            Signals signals,
            Duration pollInterval,
            UUID runId,
            long position,
            Consumer<Told> subscriber,
            Consumer<ProgressSubscription> onClose) {
        this.progress = progress;
        this.pollInterval = pollInterval;
        this.runId = runId;
        this.position = position;
        this.subscriber = subscriber;
        this.onClose = onClose;
        this.listening = signals.onProgress(this::told);
        this.loop = Loop.start("pgflow-progress-reader", signals, this::round);
    }

    /** Behind the last that the subscriber was given. */
    public long position() {
        return position;
    }

    /** True when it was closed, or has told everything of a run that has ended. */
    public boolean isClosed() {
        return closed;
    }

    /** Stops after what is being delivered; waits for the subscriber for at most five seconds, then interrupts it. */
    @Override
    public void close() {
        closed = true;
        onClose.accept(this);
        listening.close();
        loop.stop();
        bell.ring();
        loop.stopAndJoin(Duration.ofSeconds(5));
    }

    private void told(String run) {
        if (run.isEmpty() || run.equals(runId.toString())) {
            bell.ring();
        }
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
        boolean ended = !more && progress.hasEnded(runId); // asked before the page, which then holds all that is left
        List<Told> page = progress.read(runId, position, LARGEST_PAGE);
        for (Told told : page) {
            if (closed) {
                return;
            }
            deliver(told);
            position = told.by().position();
        }
        more = page.size() == LARGEST_PAGE;
        if (ended && !more) {
            close();
        }
    }

    private void deliver(Told told) {
        try {
            subscriber.accept(told);
        } catch (RuntimeException | Error e) {
            log.error("a subscriber failed at what {} told; it gets the next one as usual", told.by(), e);
        }
    }
}
