package io.pgflow.worker;

import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.store.Heartbeat;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says that this worker lives and which tasks it runs, and learns which of them are no longer its own. */
final class Heart {

    private static final Logger log = LoggerFactory.getLogger(Heart.class);

    private final Workplace workplace;
    private final Membership membership;
    private final Duration interval;
    private final Bell bell = new Bell();

    Heart(Workplace workplace, Membership membership, Duration interval) {
        this.workplace = workplace;
        this.membership = membership;
        this.interval = interval;
    }

    /** Beats at once: something may have been cancelled. */
    void soon() {
        bell.ring();
    }

    /** Beats sooner than at the interval as a rule, never later. */
    void round() throws InterruptedException {
        bell.awaitAround(interval.multipliedBy(4).dividedBy(5));
        beat();
    }

    void beat() {
        List<Attempt> attempts = workplace.running().list();
        long workerId = membership.workerId();
        Heartbeat answer = workplace.store().heartbeat(workerId, RunningTasks.ids(attempts));
        if (!answer.alive()) {
            membership.renew(workerId);
            return;
        }
        for (int position : answer.lost()) {
            Attempt attempt = attempts.get(position);
            if (attempt.takeAway()) {
                log.info("{} was taken away: its handler is interrupted", attempt.id());
            }
        }
    }
}
