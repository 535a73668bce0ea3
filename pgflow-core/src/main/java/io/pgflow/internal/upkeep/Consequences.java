package io.pgflow.internal.upkeep;

import io.pgflow.DatabaseException;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.Started;
import io.pgflow.internal.store.TaskStore;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process does after its transaction committed: it settles steps, wakes whoever has work now, and
 * says that something happened. All of it is a short cut; upkeep finds whatever gets lost here.
 */
public final class Consequences {

    private static final Logger log = LoggerFactory.getLogger(Consequences.class);

    /** Stands for a queue that got work: the gate of limited steps, which whoever hears of it serves. */
    private static final String GATE = "$gate";

    private static final int MOST_TURNS = 10;

    private final TaskStore store;
    private final Signals signals;
    private final List<Consumer<Duration>> onTimer = new CopyOnWriteArrayList<>();
    /** Whether somebody wants tasks to be let through the gate, and whether somebody is at it. */
    private final AtomicBoolean gateAsked = new AtomicBoolean();

    private final AtomicBoolean admitting = new AtomicBoolean();

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

    /** Queues with a limit got room: whoever has a slot may claim again. */
    public void roomIn(Set<String> queues) {
        signals.work(queues);
    }

    /** Follows up on one outcome, and on those that come of it. Never throws. */
    public void follow(Outcome outcome) {
        follow(
                outcome.toSettle() || outcome.endedRuns().stream().anyMatch(Consequences::mayHaveParent),
                () -> announce(outcome));
    }

    /** The database marks the ids of runs that a step has started, which waits for them; to settle is to tell it. */
    private static boolean mayHaveParent(UUID runId) {
        return runId.version() == 8;
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

    /**
     * Lets tasks of limited steps through their gate, as far as there is room. Who comes while somebody of this process is at it only says
     * that there is more to do. Never throws.
     */
    public void admit() {
        admit(due -> onTimer.forEach(listener -> listener.accept(due)));
    }

    /** The same; {@code onRoom} hears how long it is until a rate has room again. */
    void admit(Consumer<Duration> onRoom) {
        gateAsked.set(true);
        if (!admitting.compareAndSet(false, true)) {
            return;
        }
        try {
            for (int turn = 0; turn < MOST_TURNS && gateAsked.getAndSet(false); turn++) {
                Outcome admitted = store.admitTasks();
                signals.work(admitted.wokenQueues());
                admitted.nextDueIn().ifPresent(onRoom);
                if (admitted.toSettle()) {
                    gateAsked.set(true);
                }
            }
        } catch (DatabaseException e) {
            log.debug("the gate is left to the next upkeep: {}", e.getMessage());
        } catch (RuntimeException e) {
            log.warn("tasks may wait at the gate until the next poll", e);
        } finally {
            admitting.set(false);
        }
        if (gateAsked.get()) {
            onRoom.accept(Duration.ZERO);
        }
    }

    /** Somebody asked to cancel these runs, perhaps once more: their handlers hear of it, and what they had started is ended too. */
    public void followCancelling(List<UUID> runIds) {
        interrupt(runIds);
        follow(new Outcome(Set.of(), runIds, Set.of(), true, Optional.empty()));
    }

    /** Tells whoever runs handlers of these runs to look whether their tasks are still theirs, and lets others in where they had places. */
    public void interrupt(List<UUID> runIds) {
        if (!runIds.isEmpty()) {
            signals.cancelled(runIds);
            admit();
        }
    }

    private void follow(boolean toSettle, Runnable announcing) {
        try {
            announcing.run();
            boolean more = toSettle;
            while (more) {
                Outcome settled = store.settleSteps();
                announce(settled);
                more = settled.toSettle() || settled.endedRuns().stream().anyMatch(Consequences::mayHaveParent);
            }
        } catch (DatabaseException e) {
            log.debug("steps are left for the next upkeep: {}", e.getMessage());
        } catch (RuntimeException e) {
            log.warn("somebody may hear of it only at the next poll", e);
        }
    }

    private void announce(Outcome outcome) {
        if (outcome.wokenQueues().contains(GATE)) {
            var queues = new HashSet<>(outcome.wokenQueues());
            queues.remove(GATE);
            signals.work(queues);
            admit();
        } else {
            signals.work(outcome.wokenQueues());
        }
        signals.happened(outcome.endedRuns());
        outcome.nextDueIn().ifPresent(due -> onTimer.forEach(listener -> listener.accept(due)));
    }
}
