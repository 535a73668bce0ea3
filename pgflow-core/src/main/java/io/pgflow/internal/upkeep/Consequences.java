package io.pgflow.internal.upkeep;

import io.pgflow.DatabaseException;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.Started;
import io.pgflow.internal.store.TaskStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process does after its transaction committed: it settles steps, wakes whoever has work now, and
 * says that something happened. All of it is a short cut; upkeep finds whatever gets lost here.
 */
public final class Consequences {

    private static final Logger log = LoggerFactory.getLogger(Consequences.class);

    private final TaskStore store;
    private final Signals signals;
    private final List<Consumer<Duration>> onTimer = new CopyOnWriteArrayList<>();

    public Consequences(TaskStore store, Signals signals) {
        this.store = store;
        this.signals = signals;
    }

    /** Calls the listener with how long it is until a timer that was just set is due. */
    public void onTimer(Consumer<Duration> listener) {
        onTimer.add(listener);
    }

    /** What a start adds to hints in its own transaction; see {@link Signals#markOfStart}. */
    public Optional<String> markOfStart() {
        return signals.markOfStart();
    }

    /** Follows up on one outcome, and on those that come of it. Never throws. */
    public void follow(Outcome outcome) {
        follow(outcome.toSettle(), () -> announce(outcome));
    }

    /** Follows up on starts, of which their transaction may have told other processes. Never throws. */
    public void follow(Started started) {
        follow(started.toSettle(), () -> {
            if (started.told()) {
                signals.started(started.wokenQueues());
            } else {
                signals.work(started.wokenQueues());
                signals.happened(List.of());
            }
        });
    }

    /** Tells whoever runs handlers of these runs to look whether their tasks are still theirs. */
    public void interrupt(List<UUID> runIds) {
        if (!runIds.isEmpty()) {
            signals.cancelled(runIds);
        }
    }

    private void follow(boolean toSettle, Runnable announcing) {
        try {
            announcing.run();
            boolean more = toSettle;
            while (more) {
                Outcome settled = store.settleSteps();
                announce(settled);
                more = settled.toSettle();
            }
        } catch (DatabaseException e) {
            log.debug("steps are left for the next upkeep: {}", e.getMessage());
        } catch (RuntimeException e) {
            log.warn("somebody may hear of it only at the next poll", e);
        }
    }

    private void announce(Outcome outcome) {
        signals.work(outcome.wokenQueues());
        signals.happened(outcome.endedRuns());
        outcome.nextDueIn().ifPresent(due -> onTimer.forEach(listener -> listener.accept(due)));
    }
}
