package io.pgflow.flowcontrol;

import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.store.FlowStore;
import io.pgflow.internal.upkeep.Consequences;
import java.util.List;

/**
 * Holds work up and lets it go on, in all processes at once. Got from the executor; all methods may be called from any thread.
 *
 * <pre>{@code
 * flow.pause(Target.queue("mail"), "ada", "the provider is down");
 * flow.resume(Target.queue("mail"), "ada", "it is back");
 * }</pre>
 *
 * <p>Every method throws {@link io.pgflow.DatabaseException} when the database cannot be asked. Each can be repeated: what is done
 * already is not done again.
 */
public final class FlowControl {

    private static final int HISTORY = 100;

    private final FlowStore store;
    private final Consequences consequences;

    /** For {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public FlowControl(FlowStore store, Consequences consequences) {
        this.store = store;
        this.consequences = consequences;
    }

    /**
     * Lets nothing of the target begin until it is resumed. Handlers that run finish; a task that a worker has just claimed may still
     * begin. What is scheduled meanwhile waits; so do retries that become due and what comes after a step that ends.
     *
     * @param actor who asks, for the history
     * @param reason why, for the history and for whoever wonders why nothing happens
     */
    public PauseOutcome pause(Target target, String actor, String reason) {
        return PauseOutcome.of(store.pause(target.kind().word(), List.of(target.name()), actor, reason)
                .get(0));
    }

    /** Lets the target go on; what waited comes first, in its order. Returns whether it was paused. */
    public boolean resume(Target target, String actor, String reason) {
        FlowStore.Resumed resumed = store.resume(target.kind().word(), List.of(target.name()), actor, reason);
        consequences.follow(resumed.outcome());
        return resumed.answers().get(0).equals("resumed");
    }

    /**
     * From now on workers hold at most so many tasks of the queue at once, all processes together. What they hold already counts, and nobody
     * takes it away. Returns false when there is no such queue.
     *
     * @param atOnce at least 1
     */
    public boolean limitQueue(String queue, int atOnce, String actor, String reason) {
        return limited(store.limitQueue(queue, atOnce, actor, reason));
    }

    /** From now on workers hold as many tasks of the queue as they have slots. Returns false when there is no such queue. */
    public boolean unlimitQueue(String queue, String actor, String reason) {
        return limited(store.limitQueue(queue, null, actor, reason));
    }

    /** How every queue stands, by name; counts what waits, so ask now and then. */
    public List<QueueLoad> queues() {
        return store.queues().stream().map(QueueLoad::of).toList();
    }

    /** How the limits of steps stand, for which something waits or counts. */
    public List<LimitLoad> limits() {
        return store.limits().stream().map(LimitLoad::of).toList();
    }

    /** Everything that is paused, oldest first. */
    public List<Pause> paused() {
        return store.paused().stream().map(Pause::of).toList();
    }

    /** Who paused and resumed the target, when and why: newest first, the last 100. */
    public List<RuleChange> history(Target target) {
        return store.history(target.kind().word(), target.name(), HISTORY).stream()
                .map(RuleChange::of)
                .toList();
    }

    private boolean limited(FlowStore.Resumed changed) {
        consequences.follow(changed.outcome());
        return !changed.answers().get(0).equals("unknown");
    }
}
