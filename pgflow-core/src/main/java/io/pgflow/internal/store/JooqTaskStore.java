package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.duration;
import static io.pgflow.internal.store.Columns.fences;
import static io.pgflow.internal.store.Columns.interval;
import static io.pgflow.internal.store.Columns.isTrue;
import static io.pgflow.internal.store.Columns.items;
import static io.pgflow.internal.store.Columns.json;
import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.positions;
import static io.pgflow.internal.store.Columns.runIds;
import static io.pgflow.internal.store.Columns.set;
import static io.pgflow.internal.store.Columns.steps;
import static io.pgflow.internal.store.Columns.text;

import io.pgflow.internal.store.schema.routines.ExpireWorkers;
import io.pgflow.internal.store.schema.routines.FailTasks;
import io.pgflow.internal.store.schema.routines.FireDeadlines;
import io.pgflow.internal.store.schema.routines.FireTimers;
import io.pgflow.internal.store.schema.routines.RecoverClaims;
import io.pgflow.internal.store.schema.routines.RegisterWorker;
import io.pgflow.internal.store.schema.routines.ReleaseTasks;
import io.pgflow.internal.store.schema.routines.RetireWorker;
import io.pgflow.internal.store.schema.routines.SettleSteps;
import io.pgflow.internal.store.schema.routines.UpkeepDue;
import io.pgflow.internal.store.schema.tables.Workflows;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSONB;
import org.jooq.Routine;
import org.jooq.types.YearToSecond;
import org.jspecify.annotations.Nullable;

/** The functions that workers and upkeep call. */
final class JooqTaskStore implements TaskStore {

    /** How much one call of upkeep takes on, so that its transaction stays short. */
    private static final int UPKEEP_LIMIT = 1000;

    private static final int SETTLE_LIMIT = 100;

    private final Calls calls;
    private final BatchCalls batches;
    private final DeferredCalls deferred;

    JooqTaskStore(Calls calls) {
        this.calls = calls;
        this.batches = new BatchCalls(calls);
        this.deferred = new DeferredCalls(calls);
    }

    @Override
    public long register(WorkerRegistration worker) {
        RegisterWorker function = new RegisterWorker();
        function.setPName(worker.name());
        function.setPQueues(worker.queues().toArray(String[]::new));
        function.setPHandlers(worker.handlers().toArray(String[]::new));
        function.setPExpiresAfter(YearToSecond.valueOf(worker.expiresAfter()));
        // Who registered without hearing of it holds nothing, and is lost in time.
        calls.repeatable("register the worker", db -> function.execute(db.configuration()));
        return function.getReturnValue();
    }

    @Override
    public Heartbeat heartbeat(long workerId, List<TaskId> running) {
        var function = new io.pgflow.internal.store.schema.routines.Heartbeat();
        function.setPWorkerId(workerId);
        function.setPRunIds(runIds(running));
        function.setPSteps(steps(running));
        function.setPItems(items(running));
        function.setPFences(fences(running));
        execute("send the worker's heartbeat", function);
        return new Heartbeat(isTrue(function.getAlive()), positions(function.getLost()));
    }

    @Override
    public Outcome retire(long workerId) {
        RetireWorker function = new RetireWorker();
        function.setPWorkerId(workerId);
        execute("retire the worker", function);
        return woken(function.getWokenQueues());
    }

    @Override
    public List<ClaimedTask> claim(long workerId, String queue, int limit) {
        return batches.claim(workerId, queue, limit);
    }

    @Override
    public Outcome recoverClaims(long workerId, List<TaskId> known) {
        RecoverClaims function = new RecoverClaims();
        function.setPWorkerId(workerId);
        function.setPRunIds(runIds(known));
        function.setPSteps(steps(known));
        function.setPItems(items(known));
        execute("recover the worker's claims", function);
        return woken(function.getWokenQueues());
    }

    @Override
    public Outcome complete(long workerId, List<Report.Completion> completions) {
        return completions.isEmpty() ? Outcome.NOTHING : batches.complete(workerId, completions);
    }

    @Override
    public Outcome fail(long workerId, List<Report.Failure> failures) {
        if (failures.isEmpty()) {
            return Outcome.NOTHING;
        }
        List<TaskId> tasks = Columns.tasks(failures);
        FailTasks function = new FailTasks();
        function.setPWorkerId(workerId);
        function.setPRunIds(runIds(tasks));
        function.setPSteps(steps(tasks));
        function.setPItems(items(tasks));
        function.setPFences(fences(tasks));
        function.setPErrors(Columns.of(failures, report -> json(report.error()), JSONB[]::new));
        function.setPRetryable(Columns.of(failures, Report.Failure::retryable, Boolean[]::new));
        function.setPRetryAfters(Columns.of(failures, report -> interval(report.retryAfter()), YearToSecond[]::new));
        execute("report failed tasks", function);
        return new Outcome(
                positions(function.getStale()),
                list(function.getEndedRunIds()),
                set(function.getWokenQueues()),
                isTrue(function.getToSettle()),
                duration(function.getNextDueIn()));
    }

    @Override
    public Optional<String> issueToken(TaskId task, Duration within, Optional<Duration> silence) {
        return deferred.issueToken(task, within, silence);
    }

    @Override
    public Outcome defer(long workerId, List<Report.Deferred> reports) {
        return reports.isEmpty() ? Outcome.NOTHING : deferred.defer(workerId, Columns.tasks(reports));
    }

    @Override
    public Outcome release(long workerId, List<TaskId> tasks) {
        if (tasks.isEmpty()) {
            return Outcome.NOTHING;
        }
        ReleaseTasks function = new ReleaseTasks();
        function.setPWorkerId(workerId);
        function.setPRunIds(runIds(tasks));
        function.setPSteps(steps(tasks));
        function.setPItems(items(tasks));
        function.setPFences(fences(tasks));
        execute("release tasks", function);
        return woken(function.getWokenQueues());
    }

    @Override
    public Outcome settleSteps() {
        return calls.call("settle steps", JooqTaskStore::settleSteps);
    }

    /** In whatever transaction {@code db} is. */
    static Outcome settleSteps(DSLContext db) {
        SettleSteps function = new SettleSteps();
        function.setPLimit(SETTLE_LIMIT);
        function.execute(db.configuration());
        return new Outcome(
                Set.of(),
                list(function.getEndedRunIds()),
                set(function.getWokenQueues()),
                isTrue(function.getLeftOver()),
                duration(function.getNextDueIn()));
    }

    @Override
    public Outcome admitTasks() {
        return batches.admit();
    }

    @Override
    public Outcome fireTimers() {
        FireTimers function = new FireTimers();
        function.setPLimit(UPKEEP_LIMIT);
        execute("fire timers", function);
        return new Outcome(
                Set.of(),
                list(function.getEndedRunIds()),
                set(function.getWokenQueues()),
                isTrue(function.getToSettle()),
                duration(function.getNextDueIn()));
    }

    @Override
    public FiredDeadlines fireDeadlines() {
        FireDeadlines function = new FireDeadlines();
        function.setPLimit(SETTLE_LIMIT);
        execute("fire deadlines", function);
        return new FiredDeadlines(
                new Outcome(
                        Set.of(),
                        list(function.getEndedRunIds()),
                        set(function.getWokenQueues()),
                        isTrue(function.getToSettle()),
                        duration(function.getNextDueIn())),
                List.copyOf(set(function.getInterruptedRunIds())),
                isTrue(function.getLeftOver()));
    }

    @Override
    public ExpiredWorkers expireWorkers() {
        ExpireWorkers function = new ExpireWorkers();
        function.setPLimit(UPKEEP_LIMIT);
        execute("expire workers", function);
        return new ExpiredWorkers(
                list(function.getLostWorkers()),
                function.getRecovered(),
                isTrue(function.getLeftOver()),
                new Outcome(
                        Set.of(),
                        list(function.getEndedRunIds()),
                        set(function.getWokenQueues()),
                        false,
                        Optional.empty()));
    }

    @Override
    public Due due(Optional<AskingWorker> worker) {
        UpkeepDue function = new UpkeepDue();
        worker.ifPresent(asking -> {
            function.setPWorkerId(asking.workerId());
            function.setPBeats(asking.beats());
        });
        execute("ask for what is due", function);
        return new Due(
                isTrue(function.getTimers()),
                isTrue(function.getDeadlines()),
                isTrue(function.getSchedules()),
                isTrue(function.getWorkers()),
                isTrue(function.getUnsettled()),
                duration(function.getNextDueIn()),
                isTrue(function.getAlive()),
                isTrue(function.getWorkWaits()),
                isTrue(function.getGated()),
                set(function.getLimitedQueues()));
    }

    @Override
    public StepInputs stepInputs(UUID runId, short step) {
        var function = new io.pgflow.internal.store.schema.routines.StepInputs();
        function.setPRunId(runId);
        function.setPStep(step);
        String attempt = "read the inputs of a step";
        execute(attempt, function);
        String input = text(function.getInput());
        if (input == null) {
            throw FailedCall.notFound(attempt, "run " + runId);
        }
        return new StepInputs(input, text(function.getOutputs()));
    }

    @Override
    public String definition(long workflowId) {
        Workflows w = Workflows.WORKFLOWS;
        String attempt = "read a workflow's definition";
        return calls.call(
                attempt,
                db -> db.select(w.DEFINITION)
                        .from(w)
                        .where(w.WORKFLOW_ID.eq(workflowId))
                        .fetchOptional(w.DEFINITION)
                        .map(JSONB::data)
                        .orElseThrow(() -> FailedCall.notFound(attempt, "workflow id " + workflowId)));
    }

    private <R extends Routine<?>> R execute(String attempt, R function) {
        calls.call(attempt, db -> function.execute(db.configuration()));
        return function;
    }

    private static Outcome woken(String @Nullable [] queues) {
        return new Outcome(Set.of(), List.of(), set(queues), false, Optional.empty());
    }
}
