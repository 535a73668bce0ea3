package io.pgflow.worker;

import io.pgflow.internal.store.AskingWorker;
import io.pgflow.internal.store.Due;
import io.pgflow.internal.upkeep.Upkeep;
import java.util.Set;

/**
 * Lets upkeep, which asks the database once in a poll interval anyway, ask for an idle worker too: whether work waits of which no
 * hint came, and whether the worker is alive. While no handler runs, the question is its heartbeat as well.
 */
final class Lookout implements Upkeep.Asking {

    private final Membership membership;
    private final Heart heart;
    private final Claimer claimer;
    private final Upkeep upkeep;
    private final FreedRoom freed;
    private long askedAt;

    Lookout(Membership membership, Heart heart, Claimer claimer, Upkeep upkeep, FreedRoom freed) {
        this.membership = membership;
        this.heart = heart;
        this.claimer = claimer;
        this.upkeep = upkeep;
        this.freed = freed;
    }

    /** There is work in these queues; there may be in any, unheard, when the set is empty. */
    void hint(Set<String> queues) {
        if (queues.isEmpty()) {
            upkeep.soon();
        } else {
            claimer.look(queues);
        }
    }

    @Override
    public AskingWorker worker() {
        askedAt = System.nanoTime();
        return new AskingWorker(membership.workerId(), heart.mayRide());
    }

    @Override
    public void answered(AskingWorker worker, Due due) {
        freed.limited(due.limitedQueues());
        if (!due.alive()) {
            membership.renew(worker.workerId());
        } else if (worker.beats()) {
            heart.hasBeaten(askedAt);
        }
        if (due.workWaits()) {
            claimer.look();
        } else {
            claimer.nothingWaited(askedAt);
        }
    }
}
