package io.pgflow.worker;

import io.pgflow.PgflowSettings;
import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.signal.Listening;
import io.pgflow.internal.signal.Loop;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.CacheStore;
import io.pgflow.internal.store.HandlerTransactions;
import io.pgflow.internal.store.ProgressStore;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.internal.store.WorkerRegistration;
import io.pgflow.internal.upkeep.Consequences;
import io.pgflow.internal.upkeep.Upkeep;
import io.pgflow.workflow.TaskHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims tasks and runs their handlers, until closed. {@code Pgflow} makes one for each process that has handlers.
 *
 * <p>What it holds is safe without it: when the process dies, or hangs for longer than {@code expiresAfter}, other workers
 * go on with its tasks, and whatever it reports afterwards changes nothing.
 */
public final class Worker implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Worker.class);
    private static final Duration ROUND_ENDS = Duration.ofSeconds(5);
    private static final Duration GOODBYE = Duration.ofSeconds(8);

    private final PgflowSettings settings;
    private final Consequences consequences;
    private final Workplace workplace;
    private final Membership membership;
    private final Heart heart;
    private final Claimer claimer;
    private final Completer completer;
    private final ExecutorService threads = HandlerThreads.open();
    private final List<Listening> listeners = new ArrayList<>();
    private final Loop claiming;
    private final Loop completing;
    private final Loop beating;
    private final Loop timing;
    private volatile boolean closed;

    private Worker(
            PgflowSettings settings,
            Map<String, TaskHandler> handlers,
            TaskStore store,
            HandlerTransactions transactions,
            ProgressStore progress,
            CacheStore cache,
            Signals signals,
            Consequences consequences,
            Upkeep upkeep) {
        this.settings = settings;
        this.consequences = consequences;
        workplace = new Workplace(
                settings.workerName(),
                settings.concurrency(),
                settings.maxPayloadBytes(),
                store,
                new Tidings(progress, signals),
                new Reuse(cache, store, consequences),
                threads);
        workplace.handlers().putAll(handlers);
        membership = new Membership(
                store,
                new WorkerRegistration(
                        settings.workerName(),
                        settings.queues(),
                        handlers.keySet().stream().sorted().toList(),
                        settings.expiresAfter()),
                workplace.running());
        workplace.opens(new Transactions(
                transactions,
                settings.transactionalConnections(),
                settings.concurrency(),
                settings.callDeadline(),
                membership::workerId,
                threads));
        heart = new Heart(workplace, membership, settings.heartbeat());
        claimer = new Claimer(workplace, membership, consequences, settings.pollInterval(), settings.queueSlots());
        var freed = new FreedRoom(consequences, settings.queueSlots().keySet(), claimer::look);
        completer = new Completer(workplace, consequences, membership::workerId, freed);
        var lookout = new Lookout(membership, heart, claimer, upkeep, freed);
        listeners.add(signals.onWork(lookout::hint));
        listeners.add(upkeep.askFor(lookout));
        listeners.add(signals.onCancel(heart::soon));
        beating = Loop.start("pgflow-heart", signals, heart::round);
        completing = Loop.start("pgflow-completer", signals, completer::round);
        timing = Loop.start("pgflow-timeouts", signals, workplace.deadlines()::round);
        claiming = Loop.start("pgflow-claimer", signals, claimer::round);
    }

    /** Registers the worker and starts it; for {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public static Worker start(
            PgflowSettings settings,
            Map<String, TaskHandler> handlers,
            TaskStore store,
            HandlerTransactions transactions,
            ProgressStore progress,
            CacheStore cache,
            Signals signals,
            Consequences consequences,
            Upkeep upkeep) {
        return new Worker(settings, handlers, store, transactions, progress, cache, signals, consequences, upkeep);
    }

    /** How the worker stands at this moment. */
    public WorkerStatus status() {
        return new WorkerStatus(
                membership.workerId(),
                workplace.slots().taken(),
                workplace.slots().waiting(),
                workplace.running().size(),
                !claiming.isFailing() && !completing.isFailing() && !beating.isFailing(),
                closed);
    }

    /**
     * Stops in good order: claims no more, hands back what has not begun, waits for running handlers as long as {@code
     * stopGrace} allows, interrupts the rest and hands their tasks back too, so that another worker has them at once. Takes at
     * most {@code stopGrace} and about fifteen seconds more, whatever handlers and the database do. An interrupted thread does
     * not wait for handlers.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean hurried = Thread.interrupted();
        listeners.forEach(Listening::close);
        claiming.stop();
        claimer.look();
        claiming.stopAndJoin(settings.pollInterval().plus(ROUND_ENDS));
        Thread handingBack = handBackWaiting();
        boolean idle = false;
        try {
            idle = workplace.slots().awaitAllFree(hurried ? Duration.ZERO : settings.stopGrace());
        } catch (InterruptedException e) {
            hurried = true;
        }
        leave(idle, handingBack);
        if (hurried) {
            Thread.currentThread().interrupt();
        }
    }

    /** On a thread of its own: a database that is away may keep each call for longer than closing may take. */
    private void leave(boolean idle, Thread handingBack) {
        Thread leaving = inBackground("pgflow-goodbye", () -> sayGoodbye(idle, handingBack));
        boolean said = false;
        try {
            leaving.join(GOODBYE.toMillis());
            said = !leaving.isAlive();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!said) {
            log.warn(
                    "worker {} stops without saying so; others notice after {}",
                    membership.workerId(),
                    settings.expiresAfter());
        }
        stopCompleting();
        beating.stop();
        timing.stop();
        workplace.deadlines().soon();
        workplace.tidings().close();
        threads.shutdownNow();
    }

    private void stopCompleting() {
        completing.stop();
        workplace.reports().close();
    }

    private void sayGoodbye(boolean idle, Thread handingBack) {
        try {
            handingBack.join();
            if (!idle) {
                handBack();
            }
            awaitReported();
            stopCompleting();
            completing.stopAndJoin(ROUND_ENDS);
            membership.leave();
            beating.stop();
            heart.soon();
            beating.stopAndJoin(ROUND_ENDS);
            consequences.follow(workplace.store().retire(membership.workerId()));
            log.info("worker {} has stopped", membership.workerId());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.warn("worker {} could not say that it stops", membership.workerId(), e);
        }
    }

    /** In the background, since running handlers have their time meanwhile. What fails here is handed back when the worker retires. */
    private Thread handBackWaiting() {
        List<TaskId> waiting = workplace.withdrawAll();
        return inBackground("pgflow-hand-back", () -> {
            try {
                consequences.follow(workplace.store().release(membership.workerId(), waiting));
            } catch (RuntimeException e) {
                log.debug("tasks that had not begun are not handed back yet: {}", e.getMessage());
            }
        });
    }

    private void handBack() {
        List<TaskId> left = new ArrayList<>();
        for (Attempt attempt : workplace.running().list()) {
            if (attempt.takeAway()) {
                left.add(attempt.id());
            }
        }
        log.info("{} handlers were interrupted; their tasks are handed back", left.size());
        consequences.follow(workplace.store().release(membership.workerId(), left));
    }

    /** Reports that are on their way get some time; what cannot be reported is taken over by others like after a crash. */
    private void awaitReported() throws InterruptedException {
        long deadline = System.nanoTime() + ROUND_ENDS.toNanos();
        while (!completer.isDone() && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    private static Thread inBackground(String name, Runnable work) {
        var thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
