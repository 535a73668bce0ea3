package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.store.ClaimedTask;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.internal.upkeep.Consequences;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Takes as many tasks as there are free slots, and waits when there are none to take.
 *
 * <p>It is the only one that claims in this process. When the answer of a claim is lost, tasks may be ours without our
 * knowing; it then tells the database what it knows before it claims again, and the rest is scheduled anew.
 */
final class Claimer {

    private static final int LARGEST_CLAIM = 500;
    /** Finished work that waits to be reported is work in hand too: with so much of it, claiming waits. */
    private static final int LARGEST_BACKLOG = 5000;

    private final Workplace workplace;
    private final Membership membership;
    private final Consequences consequences;
    private final Consumer<Attempt> start;
    private final Timing timing;
    private final KnownWorkflows workflows;
    private final Bell bell = new Bell();
    private boolean uncertain;

    /** How long to wait for a hint, and how long claimed messages stay hidden. */
    record Timing(Duration pollInterval, Duration visibility) {}

    Claimer(
            Workplace workplace,
            Membership membership,
            Consequences consequences,
            Timing timing,
            Consumer<Attempt> start) {
        this.workplace = workplace;
        this.membership = membership;
        this.consequences = consequences;
        this.timing = timing;
        this.start = start;
        this.workflows = new KnownWorkflows(workplace.store());
    }

    /** There may be work in these queues; in any, when the set is empty. */
    void look(Set<String> queues) {
        List<String> mine = membership.registration().queues();
        if (queues.isEmpty() || mine.stream().anyMatch(queues::contains)) {
            bell.ring();
        }
    }

    void round() throws InterruptedException {
        int free = workplace.slots().awaitFree(timing.pollInterval());
        if (free == 0 || workplace.reports().size() > LARGEST_BACKLOG) {
            return;
        }
        recoverUncertain();
        int asked = Math.min(free, LARGEST_CLAIM);
        int claimed = 0;
        for (String queue : membership.registration().queues()) {
            claimed += claim(queue, asked - claimed);
        }
        if (claimed < asked) {
            bell.awaitAround(timing.pollInterval());
        }
    }

    private int claim(String queue, int limit) {
        if (limit == 0) {
            return 0;
        }
        long workerId = membership.workerId();
        uncertain = true;
        try {
            List<ClaimedTask> tasks = workplace.store().claim(workerId, queue, limit, timing.visibility());
            List<Attempt> attempts = tasks.stream()
                    .map(task -> new Attempt(task, workflows.get(task.workflowId()), workplace))
                    .toList();
            attempts.forEach(this::begin);
            uncertain = false;
            return attempts.size();
        } catch (DatabaseException e) {
            if (!e.code().equals(DatabaseException.WORKER_LOST)) {
                throw e;
            }
            membership.renew(workerId);
            uncertain = false;
            return 0;
        }
    }

    private void begin(Attempt attempt) {
        workplace.running().add(attempt);
        workplace.slots().take();
        start.accept(attempt);
    }

    private void recoverUncertain() {
        if (uncertain) {
            TaskStore store = workplace.store();
            List<Attempt> known = workplace.running().list();
            consequences.follow(store.recoverClaims(membership.workerId(), RunningTasks.ids(known)));
            uncertain = false;
        }
    }
}
