package io.pgflow.worker;

import io.pgflow.internal.store.Report;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.workflow.TaskHandler;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

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

    Workplace(String workerName, int concurrency, int maxPayloadBytes, TaskStore store, Executor threads) {
        this.workerName = workerName;
        this.slots = new Slots(concurrency, threads);
        this.maxPayloadBytes = maxPayloadBytes;
        this.store = store;
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

    /** What was claimed so long ago and has not begun shall not begin here any more; whoever asks hands it back. */
    List<TaskId> withdraw(Duration claimedAgo) {
        return slots.takeBack(claimedAgo).stream()
                .filter(Attempt::withdraw)
                .map(Attempt::id)
                .toList();
    }

    void forget(TaskId task) {
        running.remove(task);
    }
}
