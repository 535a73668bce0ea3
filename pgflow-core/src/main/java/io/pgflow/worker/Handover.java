package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.workflow.Deferral;
import io.pgflow.workflow.Patience;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Whether the task of an attempt was promised to the outside. The token is stored before the handler sees it. */
final class Handover {

    private static final Duration PAUSE = Duration.ofMillis(200);

    private final TaskId task;
    private final TaskStore store;
    private final BooleanSupplier cancelled;
    private @Nullable Deferral promised;

    Handover(TaskId task, TaskStore store, BooleanSupplier cancelled) {
        this.task = task;
        this.store = store;
        this.cancelled = cancelled;
    }

    /** The same promise, however often it is asked for. */
    synchronized Deferral promise(Patience patience) {
        Deferral made = promised;
        if (made == null) {
            String token = token(patience)
                    .orElseThrow(
                            () -> new CancellationException(
                                    "the task was taken away from this attempt, which cannot defer it; stop, it goes on elsewhere"));
            made = new Deferral(token, patience);
            promised = made;
        }
        return made;
    }

    synchronized boolean isPromised() {
        return promised != null;
    }

    /** A database that is away is not the handler's failure, and must not use up its attempts: its time goes on, that is all. */
    private Optional<String> token(Patience patience) {
        while (true) {
            try {
                return store.issueToken(task, patience.within(), patience.silence());
            } catch (DatabaseException e) {
                if (!e.isTransient() || cancelled.getAsBoolean() || !pause()) {
                    throw e;
                }
            }
        }
    }

    private static boolean pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
