package io.pgflow.worker;

import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.store.Heartbeat;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says that this worker lives and which tasks it runs, and learns which of them are no longer its own. */
final class Heart {

    private static final Logger log = LoggerFactory.getLogger(Heart.class);

    private final Workplace workplace;
    private final Membership membership;
    private final Duration interval;
    private final Bell bell = new Bell();
    /** When it beat, on this JVM's clock for durations. */
    private volatile long beatenAt = System.nanoTime();

    Heart(Workplace workplace, Membership membership, Duration interval) {
        this.workplace = workplace;
        this.membership = membership;
        this.interval = interval;
    }

    /** Beats at once: something may have been cancelled. */
    void soon() {
        bell.ring();
    }

    /** Whether a question of upkeep may be the next beat: when it is time for one, and no task must be named. */
    boolean mayRide() {
        return System.nanoTime() - beatenAt >= interval.toNanos() / 2
                && workplace.running().size() == 0;
    }

    /** Somebody beat for this heart. */
    void hasBeaten(long at) {
        beatenAt = at;
    }

    /** Beats sooner than at the interval as a rule, never later, unless somebody else did meanwhile. */
    void round() throws InterruptedException {
        long before = beatenAt;
        long pause = (long) (interval.toNanos() * ThreadLocalRandom.current().nextDouble(0.85, 1));
        boolean rung = bell.await(Duration.ofNanos(pause - (System.nanoTime() - before)));
        if (rung || beatenAt == before) {
            beat();
        }
    }

    private void beat() {
        long now = System.nanoTime();
        List<Attempt> attempts = workplace.running().list();
        long workerId = membership.workerId();
        Heartbeat answer = workplace.store().heartbeat(workerId, RunningTasks.ids(attempts));
        beatenAt = now;
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
