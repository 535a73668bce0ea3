package io.pgflow.worker;

import static java.util.Objects.requireNonNull;

import io.pgflow.internal.store.Report;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.workflow.TaskHandler;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What an attempt needs around it: the code to run, a slot to run in, and where to report. */
final class Workplace {

    private final String workerName;
    private final int maxPayloadBytes;
    private final TaskStore store;
    private final Map<String, TaskHandler> handlers = new ConcurrentHashMap<>();
    private final RunningTasks running = new RunningTasks();
    private final Deadlines deadlines = new Deadlines(running);
    private final Slots slots;
    private final Reports reports = new Reports();
    private volatile @Nullable Transactions transactions;

    private final Tidings tidings;
    private final Reuse reuse;

    Workplace(
            String workerName,
            int concurrency,
            int maxPayloadBytes,
            TaskStore store,
            Tidings tidings,
            Reuse reuse,
            Executor threads) {
        this.workerName = workerName;
        this.slots = new Slots(concurrency, threads);
        this.maxPayloadBytes = maxPayloadBytes;
        this.store = store;
        this.tidings = tidings;
        this.reuse = reuse;
    }

    String workerName() {
        return workerName;
    }

    int maxPayloadBytes() {
        return maxPayloadBytes;
    }

    TaskStore store() {
        return store;
    }

    Tidings tidings() {
        return tidings;
    }

    Reuse reuse() {
        return reuse;
    }

    RunningTasks running() {
        return running;
    }

    Slots slots() {
        return slots;
    }

    Deadlines deadlines() {
        return deadlines;
    }

    Reports reports() {
        return reports;
    }

    Map<String, TaskHandler> handlers() {
        return handlers;
    }

    /** Where transactional handlers run from now on; before the first task is claimed. */
    void opens(Transactions forTransactionalHandlers) {
        transactions = forTransactionalHandlers;
    }

    Transactions transactions() {
        return requireNonNull(transactions, "nothing is claimed before transactions can be opened");
    }

    boolean isTransactional(String name) {
        TaskHandler handler = handlers.get(name);
        return handler != null && handler.isTransactional();
    }

    /** The code behind a handler name; a claim brings only tasks whose handler was registered. */
    TaskHandler handler(String name) {
        TaskHandler handler = handlers.get(name);
        if (handler == null) {
            throw new IllegalStateException("no handler is registered as " + name);
        }
        return handler;
    }

    /** The handler's time runs from now on. */
    void begun(Attempt attempt) {
        deadlines.watch(attempt);
    }

    void report(Report report) {
        reports.add(report);
    }

    /**
     * What was claimed so long ago and waits for a slot, or for too long for a connection, shall not begin here any more; whoever asks hands it
     * back.
     */
    List<TaskId> withdraw(Duration claimedAgo) {
        return withdraw(slots.takeBack(claimedAgo), transactions().takeBack());
    }

    /** The same of everything that has not begun. */
    List<TaskId> withdrawAll() {
        return withdraw(slots.takeBack(Duration.ZERO), transactions().takeAllBack());
    }

    private static List<TaskId> withdraw(List<Attempt> fromSlots, List<Attempt> fromTheLine) {
        return Stream.concat(fromSlots.stream(), fromTheLine.stream())
                .filter(Attempt::withdraw)
                .map(Attempt::id)
                .toList();
    }

    /** What was held under that name; null when it was taken away before. */
    @Nullable
    Attempt forget(TaskId task) {
        reuse.forget(task);
        return running.remove(task);
    }
}
