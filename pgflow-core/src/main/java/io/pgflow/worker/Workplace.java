package io.pgflow.worker;

import io.pgflow.internal.store.Report;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.workflow.TaskHandler;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What an attempt needs around it: the code to run, where to report, and the slot to leave. */
final class Workplace {

    private final String workerName;
    private final int maxPayloadBytes;
    private final TaskStore store;
    private final Map<String, TaskHandler> handlers = new ConcurrentHashMap<>();
    private final RunningTasks running = new RunningTasks();
    private final Slots slots;
    private final Reports reports = new Reports();

    Workplace(String workerName, int concurrency, int maxPayloadBytes, TaskStore store) {
        this.workerName = workerName;
        this.slots = new Slots(concurrency);
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

    void report(Report report) {
        reports.add(report);
    }

    void forget(TaskId task) {
        running.remove(task);
    }

    void freeSlot() {
        slots.free();
    }
}
