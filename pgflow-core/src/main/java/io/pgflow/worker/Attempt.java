package io.pgflow.worker;

import static java.util.Objects.requireNonNull;

import io.pgflow.DatabaseException;
import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.CachedTask;
import io.pgflow.internal.store.ClaimedTask;
import io.pgflow.internal.store.Report;
import io.pgflow.internal.store.StepInputs;
import io.pgflow.internal.store.TaskId;
import io.pgflow.workflow.FlowLimits;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.RetryAfterException;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * One try of one task by this process: runs the handler on a thread and says once how it ended.
 *
 * <p>It ends in one of three ways: the handler returns or throws, its time is over, or the task is taken away. Whichever
 * comes first counts; the other two then find it ended and do nothing. A handler that ignores the interrupt keeps its slot
 * until it returns, but its task goes on elsewhere.
 */
final class Attempt {

    private static final Logger log = LoggerFactory.getLogger(Attempt.class);

    private enum State {
        WAITING,
        RUNNING,
        ENDED
    }

    private final TaskId id;
    private final int number;
    private final String workflow;
    private final StepDefinition step;
    private final Workplace workplace;
    private final long claimedAt = System.nanoTime();
    private final AttemptContext context;
    /** What it reads; none once its handler has ended, as an attempt is kept until it is reported. */
    private volatile @Nullable ClaimedTask task;

    private volatile State state = State.WAITING;
    private volatile long deadline;
    private @Nullable Thread thread;
    private @Nullable TransactionalAttempt transaction;
    /** Its handler came to an end that counts, which has not been reported. Of the thread that runs it. */
    private boolean unreported;
    /** What it shares with other items, when that was asked for already. */
    private @Nullable StepInputs shared;

    Attempt(ClaimedTask task, KnownWorkflow workflow, Workplace workplace) {
        this.id = task.id();
        this.number = task.attempt();
        this.task = task;
        this.workflow = workflow.name();
        this.step = workflow.step(id.step());
        this.workplace = workplace;
        this.context = new AttemptContext(
                id, number, this.workflow, step, new Teller(id, workplace.tidings()), workplace.store());
    }

    TaskId id() {
        return id;
    }

    /** How much it reads, in characters, without what items of a map share. */
    int size() {
        @Nullable ClaimedTask read = task;
        return read == null ? 0 : length(read.input()) + length(read.outputs());
    }

    private static int length(@Nullable String text) {
        return text == null ? 0 : text.length();
    }

    String queue() {
        return step.queue();
    }

    /** Of the step. */
    FlowLimits limits() {
        return step.options().limits();
    }

    /** How long it has left at this moment, in nanoseconds; without end while it waits, since its time begins with its handler. */
    long left(long now) {
        return state == State.WAITING ? Long.MAX_VALUE : deadline - now;
    }

    /** How long ago it was claimed, in nanoseconds. */
    long age(long now) {
        return now - claimedAt;
    }

    /** Runs to its end, or waits in line for a connection. Returns whether a handler has ended meanwhile. */
    boolean run() {
        if (step.handler().filter(workplace::isTransactional).isPresent()) {
            return workplace.transactions().run(this);
        }
        report(() -> runIn(null));
        return true;
    }

    /** Runs the attempt to its end and reports that. Whatever is thrown on the way, its task hears of it. */
    void report(Supplier<Optional<Report>> whole) {
        try {
            whole.get().ifPresent(workplace::report);
        } catch (Throwable e) {
            log.error("the attempt on {} broke off", id(), e);
            if (unreported || end(false)) {
                workplace.report(new Report.Failure(id(), ErrorJson.of(e), true, Optional.empty()));
            }
        }
    }

    /** Runs the handler; gives how it ended, or nothing when the attempt had ended before it. */
    Optional<Report> runIn(@Nullable TransactionalAttempt inTransaction) {
        if (!begin(inTransaction)) {
            return Optional.empty();
        }
        workplace.begun(this);
        Report report = execute(inTransaction);
        task = null;
        shared = null;
        if (end(false)) {
            unreported = true;
            return Optional.of(report);
        }
        leave();
        return Optional.empty();
    }

    /** Whether its handler may still begin. */
    boolean isWaiting() {
        return state == State.WAITING;
    }

    /** What its handler told is stored before its transaction commits, when the database is there for it. */
    void tellAll() {
        try {
            workplace.tidings().flush();
        } catch (DatabaseException e) {
            log.debug("what the handler of {} told is stored later: {}", id(), e.getMessage());
        }
    }

    /** Whether its handler should stop. */
    boolean isCancelled() {
        return context.isCancelled();
    }

    /** Whether its output may be known already. */
    boolean mayBeCached() {
        return step.options().cache().isPresent();
    }

    /** Where its output may be found, or goes; empty when its key cannot be made. Throws what {@code asked} throws. */
    Optional<CachedTask> cached(SharedInputs asked) {
        var in = new ClaimedInput(claimed(), step, context, () -> {
            StepInputs found = asked.of(id());
            shared = found;
            return found;
        });
        return step.options()
                .cache()
                .flatMap(cache -> cache.keyOf(in)
                        .map(key -> new CachedTask(id(), cache.cacheOf(workflow, step.name()), key, cache.keep())));
    }

    /** How long its handler may take. */
    Duration timeout() {
        return step.timeout();
    }

    /** The handler's time is over: it is interrupted and the attempt has failed. */
    void timeOut() {
        if (end(true)) {
            workplace.report(new Report.Failure(
                    id(),
                    ErrorJson.of(
                            ErrorJson.TIMED_OUT,
                            "the handler of step " + step.name() + " took longer than its timeout of " + step.timeout()
                                    + "; make it faster or give the step a longer timeout"),
                    true,
                    Optional.empty()));
        }
    }

    /** The task is no longer ours: the handler is interrupted and whatever it returns is dropped. True when it had not ended. */
    boolean takeAway() {
        boolean taken = end(true);
        if (taken) {
            workplace.forget(id());
        }
        return taken;
    }

    /** It shall not begin any more. True when it had not, and had not ended either. */
    boolean withdraw() {
        boolean withdrawn = giveUp();
        if (withdrawn) {
            workplace.forget(id());
        }
        return withdrawn;
    }

    /** The same, for whoever reports it. */
    synchronized boolean giveUp() {
        if (state != State.WAITING) {
            return false;
        }
        state = State.ENDED;
        return true;
    }

    private synchronized boolean begin(@Nullable TransactionalAttempt inTransaction) {
        if (state != State.WAITING) {
            return false;
        }
        deadline = System.nanoTime() + step.timeout().toNanos();
        state = State.RUNNING;
        thread = Thread.currentThread();
        transaction = inTransaction;
        if (inTransaction != null) {
            context.inTransaction();
        }
        return true;
    }

    /** Interrupts under the same lock that the handler's end takes, so that no interrupt reaches a thread that went on. */
    private synchronized boolean end(boolean interrupt) {
        if (state == State.ENDED) {
            return false;
        }
        state = State.ENDED;
        if (interrupt) {
            context.cancel();
            if (transaction == null) {
                interrupt();
            } else {
                // First the statement that it may be at: an interrupt closes the socket of a virtual thread, and the
                // server would not hear
                // that nobody waits any more.
                workplace.transactions().cancel(transaction, this::interrupt);
            }
        } else {
            Thread.interrupted(); // what the handler left set is not for whoever uses the thread next
        }
        return true;
    }

    private synchronized void interrupt() {
        if (thread != null) {
            thread.interrupt();
        }
    }

    /** From now on no interrupt reaches the thread; one that did was meant for the handler, not for whoever uses the thread next. */
    private synchronized void leave() {
        thread = null;
        Thread.interrupted();
    }

    private Report execute(@Nullable TransactionalAttempt inTransaction) {
        context.putInLogs(workplace.workerName());
        try {
            TaskHandler handler = workplace.handler(step.handler().orElseThrow());
            @Nullable
            String output = handler.run(new ClaimedInput(claimed(), step, context, this::shared, inTransaction));
            if (context.isPromised()) {
                return new Report.Deferred(id());
            }
            String json = output == null ? "null" : output;
            Json.check(
                    json,
                    "the output of step \"" + step.name() + "\" of workflow \"" + workflow + "\"",
                    workplace.maxPayloadBytes());
            return new Report.Completion(id(), json);
        } catch (Throwable e) { // a handler may throw anything, and its task must hear of it
            return failure(e);
        } finally {
            MDC.clear();
        }
    }

    private ClaimedTask claimed() {
        return requireNonNull(task, "a handler runs once");
    }

    private StepInputs shared() {
        if (shared == null) {
            shared = SharedInputs.patiently(workplace.store(), id(), context);
        }
        return shared;
    }

    private Report failure(Throwable error) {
        boolean retryable = !(error instanceof NonRetryableException
                || error instanceof InvalidPayloadException
                || error instanceof InvalidWorkflowException
                || error instanceof HandlerTransactionException
                || error instanceof ProgressRefusedException);
        Optional<Duration> retryAfter =
                error instanceof RetryAfterException later ? Optional.of(later.delay()) : Optional.empty();
        if (!context.isCancelled()) {
            log.warn(
                    "attempt {} of step {} of workflow {} failed{}: {}",
                    number,
                    step.name(),
                    workflow,
                    retryable ? "" : " for good",
                    ErrorJson.nameOf(error));
        }
        return new Report.Failure(id(), ErrorJson.of(error), retryable, retryAfter);
    }
}
