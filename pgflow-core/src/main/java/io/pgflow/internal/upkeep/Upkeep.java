package io.pgflow.internal.upkeep;

import io.pgflow.DatabaseException;
import io.pgflow.internal.signal.Bell;
import io.pgflow.internal.signal.Listening;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.AskingWorker;
import io.pgflow.internal.store.Due;
import io.pgflow.internal.store.ExpiredWorkers;
import io.pgflow.internal.store.FiredDeadlines;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.TaskStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks once in a poll interval, and whenever a timer is due, whether there is something to do, and does it.
 *
 * <p>The question is one cheap statement, and it is asked for the worker of the process too: whether work waits, whether it is
 * alive. So an idle process has one statement in a poll interval to send, and costs the server next to nothing.
 */
public final class Upkeep implements AutoCloseable {

    /** The worker of this process, which asks with upkeep instead of by itself. */
    public interface Asking {

        /** Who it is at this moment. */
        AskingWorker worker();

        /** The answer, before upkeep does anything about it. */
        void answered(AskingWorker worker, Due due);
    }

    /** What advances schedules. */
    public interface Ticking {

        /** Starts what is due; says how long it is until anything is due by time, as far as it knows. */
        Optional<Duration> tick();
    }

    private static final Logger log = LoggerFactory.getLogger(Upkeep.class);
    private static final Duration SOONEST = Duration.ofMillis(1);
    private static final Duration BETWEEN_CHORES = Duration.ofMinutes(1);
    private static final int MOST_OF_A_CHORE = 10;
    private static final Duration BETWEEN_FIRES = Duration.ofMillis(20);

    private final TaskStore store;
    private final Consequences consequences;
    private final Duration interval;
    private final Outage outage;
    private final Bell bell = new Bell();
    /** When the next known timer is due, on this JVM's clock for durations. */
    private final AtomicLong dueAt = new AtomicLong(Long.MAX_VALUE);

    private final List<BooleanSupplier> chores = new CopyOnWriteArrayList<>();
    /** When they were last done, on this JVM's clock for durations. */
    private long choresDoneAt = System.nanoTime();

    private volatile @Nullable Asking asking;
    private volatile @Nullable Ticking ticking;
    private final Listening listening;
    private final Loop loop;

    /** Asks once in {@code interval}; {@code heartbeat} is how often workers say that they live. */
    public Upkeep(TaskStore store, Consequences consequences, Signals signals, Duration interval, Duration heartbeat) {
        this.store = store;
        this.consequences = consequences;
        this.interval = interval;
        this.outage = new Outage(heartbeat, System::nanoTime);
        consequences.onTimer(this::dueIn);
        this.listening = signals.onReachable(this::soon);
        this.loop = Loop.start("pgflow-upkeep", signals, this::round);
    }

    /** Asks for this worker too, until what is returned is closed. */
    public Listening askFor(Asking worker) {
        asking = worker;
        return () -> asking = null;
    }

    /** Does this about once a minute, and again while it says that more is left; not to be waited for by anything. */
    public void everyMinute(BooleanSupplier chore) {
        chores.add(chore);
    }

    /** Lets this advance the schedules that are due. */
    public void tickWith(Ticking schedules) {
        ticking = schedules;
    }

    /** Asks at once: hints may have been lost. */
    public void soon() {
        bell.ring();
    }

    @Override
    public void close() {
        listening.close();
        loop.stop();
        bell.ring();
        loop.stopAndJoin(Duration.ofSeconds(5));
    }

    private void dueIn(Duration due) {
        if (isSoonest(due)) {
            bell.ring();
        }
    }

    private boolean isSoonest(Duration due) {
        Duration wait = due.compareTo(interval) > 0 ? interval : due; // what is further away is asked for again
        long at = System.nanoTime() + Math.max(wait.toNanos(), SOONEST.toNanos());
        return at < dueAt.getAndAccumulate(at, Math::min);
    }

    private void round() throws InterruptedException {
        bell.await(untilDue());
        dueAt.set(Long.MAX_VALUE);
        Due due = outage.watch(this::ask);
        if (due.timers()) {
            fireTimers();
        } else if (!due.deadlines() && !due.schedules()) {
            // Without the bell, which would make the next question come at once, and so on while a timer waits.
            due.nextDueIn().ifPresent(this::isSoonest);
        }
        if (due.deadlines()) {
            fireDeadlines();
        }
        if (due.schedules()) {
            tick();
        }
        if (due.workers() && !outage.isRecent()) {
            expireWorkers();
        }
        if (due.unsettled()) {
            consequences.follow(store.settleSteps());
        }
        if (due.gated()) {
            consequences.admit(room -> isSoonest(room.compareTo(BETWEEN_FIRES) < 0 ? BETWEEN_FIRES : room));
        }
        doChores();
    }

    private void doChores() {
        if (System.nanoTime() - choresDoneAt < BETWEEN_CHORES.toNanos()) {
            return;
        }
        choresDoneAt = System.nanoTime();
        chores.forEach(Upkeep::doChore);
    }

    /** One that fails must not keep the others from being done. */
    private static void doChore(BooleanSupplier chore) {
        try {
            for (int i = 0; i < MOST_OF_A_CHORE && chore.getAsBoolean(); i++) {
                log.debug("a chore has more to do");
            }
        } catch (RuntimeException e) {
            log.warn("a chore is left for later: {}", e.getMessage());
        }
    }

    /** What is due still is due when somebody holds it locked: not to be asked for again at once. */
    private void fireTimers() {
        Outcome fired = store.fireTimers();
        consequences.follow(fired.withoutTimer());
        dueAfterFiring(fired.nextDueIn());
    }

    /** A schedule that this process cannot advance is asked for again with the next poll. */
    private void tick() {
        Ticking schedules = ticking;
        if (schedules != null) {
            schedules.tick().filter(next -> !next.isZero()).ifPresent(this::isSoonest);
        }
    }

    private void dueAfterFiring(Optional<Duration> nextDueIn) {
        nextDueIn.ifPresent(next -> isSoonest(next.compareTo(BETWEEN_FIRES) < 0 ? BETWEEN_FIRES : next));
    }

    private void fireDeadlines() {
        FiredDeadlines fired;
        do {
            fired = store.fireDeadlines();
            consequences.follow(fired.outcome().withoutTimer());
            consequences.interrupt(fired.interruptedRuns());
        } while (fired.leftOver());
        dueAfterFiring(fired.outcome().nextDueIn());
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

    private Due ask() {
        Asking worker = asking;
        if (worker == null) {
            return store.due(Optional.empty());
        }
        AskingWorker who = worker.worker();
        try {
            Due due = store.due(Optional.of(who));
            worker.answered(who, due);
            return due;
        } catch (DatabaseException e) { // a look into its queues must not stand in the way of what is due for all
            log.debug("asking for the worker failed", e);
            return store.due(Optional.empty());
        }
    }

    /** Until the next timer, at most the interval and a random part of a quarter more: other processes shall ask at other moments. */
    private Duration untilDue() {
        long pause = interval.toNanos() + ThreadLocalRandom.current().nextLong(Math.max(1, interval.toNanos() / 4));
        long at = dueAt.get();
        long left = at == Long.MAX_VALUE ? pause : Math.max(at - System.nanoTime(), 0);
        return Duration.ofNanos(Math.min(left, pause));
    }
}
