package io.pgflow.worker;

import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.workflow.Deferral;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskContext;
import java.util.OptionalInt;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** What a handler, and the log lines it writes, know of the task it is working on. */
final class AttemptContext implements TaskContext {

    private final TaskId task;
    private final int attempt;
    private final String workflow;
    private final StepDefinition step;
    private final Teller teller;
    private final Handover handover;
    private volatile boolean cancelled;
    private volatile boolean transactional;

    AttemptContext(TaskId task, int attempt, String workflow, StepDefinition step, Teller teller, TaskStore store) {
        this.task = task;
        this.attempt = attempt;
        this.workflow = workflow;
        this.step = step;
        this.teller = teller;
        this.handover = new Handover(task, store, this::isCancelled);
    }

    /** Its work is no longer wanted. */
    void cancel() {
        cancelled = true;
    }

    /** Its handler writes in the transaction that completes its task, so that nobody else can complete it. */
    void inTransaction() {
        transactional = true;
    }

    /** The task was promised to the outside. */
    boolean isPromised() {
        return handover.isPromised();
    }

    void putInLogs(String workerName) {
        MDC.put("pgflow.run", runId().toString());
        MDC.put("pgflow.workflow", workflow);
        MDC.put("pgflow.step", step.name());
        itemIndex().ifPresent(index -> MDC.put("pgflow.item", Integer.toString(index)));
        MDC.put("pgflow.attempt", Integer.toString(attempt));
        MDC.put("pgflow.worker", workerName);
    }

    @Override
    public UUID runId() {
        return task.runId();
    }

    @Override
    public String workflow() {
        return workflow;
    }

    @Override
    public String step() {
        return step.name();
    }

    @Override
    public OptionalInt itemIndex() {
        int item = task.item();
        return item > 0 ? OptionalInt.of(item - 1) : OptionalInt.empty();
    }

    @Override
    public int attempt() {
        return attempt;
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    @Override
    public Deferral defer(Patience patience) {
        if (transactional) {
            throw HandlerTransactionException.deferred();
        }
        return handover.promise(patience);
    }

    @Override
    public void report(double fraction, String message, @Nullable Object detail) {
        teller.report(fraction, message, detail);
    }

    @Override
    public void emit(@Nullable Object chunk) {
        teller.emit(chunk);
    }
}
