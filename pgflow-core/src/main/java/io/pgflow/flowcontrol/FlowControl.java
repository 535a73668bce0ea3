package io.pgflow.flowcontrol;

import io.pgflow.audit.AuditNote;
import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.store.FlowStore;
import io.pgflow.internal.upkeep.Consequences;
import java.util.List;

/**
 * Holds work up and lets it go on, in all processes at once. Got from the executor; all methods may be called from any thread.
 *
 * <pre>{@code
 * flow.pause(Target.queue("mail"), AuditNote.by("ada", "the provider is down"));
 * flow.resume(Target.queue("mail"), AuditNote.by("ada", "it is back"));
 * }</pre>
 *
 * <p>Every method throws {@link io.pgflow.DatabaseException} when the database cannot be asked, after it kept trying for the setting {@code
 * callDeadline}. Each can be repeated: what is done already is not done again. When the first answer of a call was lost, it says of its
 * own doing that it was done before.
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
     * Lets nothing of the target begin until it is resumed. Handlers that run finish; a task that a worker claimed before this returns may
     * still begin, none that is claimed later. What is scheduled meanwhile waits; so do retries that become due and what comes after a step that ends.
     *
     * @param note for the history, and for whoever wonders why nothing happens
     */
    public PauseOutcome pause(Target target, AuditNote note) {
        return PauseOutcome.of(store.pause(target.kind().word(), List.of(target.name()), note.actor(), note.reason())
                .get(0));
    }

    /** Lets the target go on; what waited comes first, in its order. Returns whether this call did it: false when it is not paused. */
    public boolean resume(Target target, AuditNote note) {
        FlowStore.Resumed resumed =
                store.resume(target.kind().word(), List.of(target.name()), note.actor(), note.reason());
        consequences.follow(resumed.outcome());
        return resumed.answers().get(0).equals("resumed");
    }

    /**
     * From now on workers hold at most so many tasks of the queue at once, all processes together. What they hold when this returns counts,
     * and nobody takes it away. Returns false when there is no such queue: there is one from the moment when a worker works on it, or {@code
     * pgflow.create_queue} made it.
     *
     * @param atOnce at least 1; {@link io.pgflow.DatabaseException} {@code PGF-DB-002} for less: pause the queue to stop it
     */
    public boolean limitQueue(String queue, int atOnce, AuditNote note) {
        return limited(store.limitQueue(queue, atOnce, note.actor(), note.reason()));
    }

    /** From now on workers hold as many tasks of the queue as they have slots. Returns false when there is no such queue. */
    public boolean unlimitQueue(String queue, AuditNote note) {
        return limited(store.limitQueue(queue, null, note.actor(), note.reason()));
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

    /** Who paused, resumed or limited the target, when and why: newest first, the last 100. */
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
