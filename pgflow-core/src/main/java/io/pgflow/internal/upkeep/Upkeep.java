package io.pgflow.internal.upkeep;

import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.store.Due;
import io.pgflow.internal.store.ExpiredWorkers;
import io.pgflow.internal.store.TaskStore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks once in a poll interval, and whenever a timer is due, whether there is something to do, and does it.
 *
 * <p>The question is one cheap statement, so that an idle process costs the server next to nothing.
 */
public final class Upkeep implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Upkeep.class);
    private static final Duration SOONEST = Duration.ofMillis(1);

    private final TaskStore store;
    private final Consequences consequences;
    private final Duration interval;
    private final Bell bell = new Bell();
    /** When the next known timer is due, on this JVM's clock for durations. */
    private final AtomicLong dueAt = new AtomicLong(Long.MAX_VALUE);

    private final Loop loop;

    public Upkeep(TaskStore store, Consequences consequences, Duration interval) {
        this.store = store;
        this.consequences = consequences;
        this.interval = interval;
        consequences.onTimer(this::dueIn);
        this.loop = Loop.start("pgflow-upkeep", this::round);
    }

    @Override
    public void close() {
        loop.stop();
        bell.ring();
        loop.stopAndJoin(Duration.ofSeconds(5));
    }

    private void dueIn(Duration due) {
        long at = System.nanoTime() + Math.max(due.toNanos(), SOONEST.toNanos());
        if (at < dueAt.getAndAccumulate(at, Math::min)) {
            bell.ring();
        }
    }

    private void round() throws InterruptedException {
        Duration wait = untilDue();
        if (wait.compareTo(interval) < 0) {
            bell.await(wait);
        } else {
            bell.awaitAround(interval);
        }
        dueAt.set(Long.MAX_VALUE);
        Due due = store.due();
        if (due.timers()) {
            consequences.follow(store.fireTimers());
        } else {
            due.nextDueIn().ifPresent(this::dueIn);
        }
        if (due.workers()) {
            expireWorkers();
        }
        if (due.maps()) {
            consequences.follow(store.foldMaps());
        }
    }

    private void expireWorkers() {
        ExpiredWorkers expired;
        do {
            expired = store.expireWorkers();
            if (!expired.lostWorkers().isEmpty()) {
                log.warn("workers {} are lost: their heart has not beaten for too long", expired.lostWorkers());
            }
            if (expired.recovered() > 0) {
                log.warn("{} tasks of lost workers were handed on", expired.recovered());
            }
            consequences.follow(expired.outcome());
        } while (expired.leftOver());
    }

    private Duration untilDue() {
        long at = dueAt.get();
        return at == Long.MAX_VALUE ? interval : Duration.ofNanos(Math.max(at - System.nanoTime(), 0));
    }
}
