package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.isTrue;
import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.set;
import static org.jooq.Records.mapping;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.schema.routines.DefineWorkflow;
import io.pgflow.internal.store.schema.routines.SkipTasks;
import io.pgflow.internal.store.schema.tables.CancelRuns;
import io.pgflow.internal.store.schema.tables.Workflows;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jooq.JSONB;
import org.jooq.Routine;
import org.jspecify.annotations.Nullable;

/** The functions that executors call. */
final class JooqRunStore implements RunStore {

    /** A hint without a mark is dropped by nobody. */
    private static final String FOR_EVERYBODY = "";

    /** A limit of the server is reached: its queue of notifications is full while somebody listens in an open transaction. */
    private static final String LIMIT = "54000";

    private static final Started NOTHING_STARTED = new Started(List.of(), List.of(), Set.of(), false, false);

    private final Calls calls;
    private final StoredRuns runs;
    private final StoredEvents events;

    JooqRunStore(Calls calls) {
        this.calls = calls;
        this.runs = new StoredRuns(calls);
        this.events = new StoredEvents(calls);
    }

    @Override
    public ServerFacts serverFacts() {
        var function = new io.pgflow.internal.store.schema.routines.ServerFacts();
        calls.repeatable("read what the server is", db -> function.execute(db.configuration()));
        return new ServerFacts(
                function.getServerVersion(),
                function.getSchemaVersion(),
                function.getPgmqVersion(),
                isTrue(function.getInRecovery()));
    }

    @Override
    public DefinedWorkflow define(String definitionJson) {
        DefineWorkflow function = new DefineWorkflow();
        function.setPDefinition(JSONB.valueOf(definitionJson));
        calls.repeatable("define the workflow", db -> function.execute(db.configuration()));
        return new DefinedWorkflow(function.getWorkflowId(), function.getVersion());
    }

    @Override
    public Optional<DefinedWorkflow> newest(String workflow) {
        Workflows w = Workflows.WORKFLOWS;
        return calls.repeatable(
                "look up workflow " + workflow,
                db -> db.select(w.WORKFLOW_ID, w.VERSION)
                        .from(w)
                        .where(w.NAME.eq(workflow).and(w.NAME.notLike("%$undo")))
                        .orderBy(w.VERSION.desc())
                        .limit(1)
                        .fetchOptional(mapping(DefinedWorkflow::new)));
    }

    @Override
    public Started start(List<StartRequest> requests, @Nullable String actor, @Nullable String mark) {
        if (requests.isEmpty()) {
            return NOTHING_STARTED;
        }
        try {
            return calls.prepared(
                    "start runs",
                    StartCall.sql(requests, mark),
                    statement -> StartCall.send(statement, requests, actor, mark));
        } catch (DatabaseException e) {
            if (mark != null && e.getCause() instanceof SQLException cause && LIMIT.equals(cause.getSQLState())) {
                return start(requests, actor, null); // a hint that cannot be sent is dropped, as always
            }
            throw e;
        }
    }

    @Override
    public Started start(Connection connection, List<StartRequest> requests, @Nullable String actor, boolean notify) {
        @Nullable String mark = notify ? FOR_EVERYBODY : null;
        return requests.isEmpty()
                ? NOTHING_STARTED
                : calls.preparedIn(
                        connection,
                        "start runs in the caller's transaction",
                        StartCall.sql(requests, mark),
                        statement -> StartCall.send(statement, requests, actor, mark));
    }

    @Override
    public OnceAnswer startOnce(
            StartRequest request, String how, String key, Duration period, Duration maxWait, @Nullable String actor) {
        return calls.prepared(
                "start a run",
                OnceCall.SQL,
                statement -> OnceCall.send(statement, request, how, key, period, maxWait, actor));
    }

    @Override
    public List<RunResult> results(List<UUID> runIds) {
        return runIds.isEmpty() ? List.of() : runs.results(runIds);
    }

    @Override
    public List<String> cancel(List<UUID> runIds, @Nullable String actor, @Nullable String reason) {
        if (runIds.isEmpty()) {
            return List.of();
        }
        CancelRuns t = CancelRuns.CANCEL_RUNS.call(runIds.toArray(UUID[]::new), actor, reason);
        Map<UUID, String> outcomes = new HashMap<>();
        calls.repeatable(
                        "cancel runs",
                        db -> db.select(t.RUN_ID, t.OUTCOME).from(t).fetch())
                .forEach(row -> outcomes.put(row.value1(), row.value2()));
        return runIds.stream().map(outcomes::get).toList();
    }

    @Override
    public SentSignal.Answer signal(SentSignal signal) {
        return calls.repeatable("send a signal", SignalCall.SQL, statement -> SignalCall.send(statement, signal));
    }

    @Override
    public SentSignal.Answer signal(Connection connection, SentSignal signal) {
        return calls.preparedIn(
                connection,
                "send a signal in the caller's transaction",
                SignalCall.SQL,
                statement -> SignalCall.send(statement, signal));
    }

    @Override
    public Outcome skip(UUID runId, String step, @Nullable String actor, @Nullable String reason) {
        SkipTasks function = new SkipTasks();
        function.setPRunIds(new UUID[] {runId});
        function.setPSteps(new String[] {step});
        function.setPActor(actor);
        function.setPReason(reason);
        execute("skip the task", function);
        boolean applied = !list(function.getApplied()).isEmpty();
        return new Outcome(
                applied ? Set.of() : Set.of(0),
                list(function.getEndedRunIds()),
                set(function.getWokenQueues()),
                isTrue(function.getToSettle()),
                Optional.empty());
    }

    @Override
    public Optional<RunRow> run(UUID runId) {
        return runs.one(runId);
    }

    @Override
    public List<RunRow> runs(RunQuery query) {
        return runs.list(query);
    }

    @Override
    public List<TaskRow> tasks(UUID runId, int afterStep, int afterItem, int limit) {
        return runs.tasks(runId, afterStep, afterItem, limit);
    }

    @Override
    public List<EventRow> events(UUID runId) {
        return events.of(runId);
    }

    @Override
    public EventPosition eventPosition() {
        return events.position();
    }

    @Override
    public EventPage eventPage(long after, List<IdRange> gaps, int limit) {
        return events.page(after, gaps, limit);
    }

    @Override
    public List<String> verify() {
        return runs.verify();
    }

    private <R extends Routine<?>> R execute(String attempt, R function) {
        calls.call(attempt, db -> function.execute(db.configuration()));
        return function;
    }
}
