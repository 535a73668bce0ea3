package io.pgflow.executor;

import io.pgflow.PgflowSettings;
import io.pgflow.approval.Approvals;
import io.pgflow.audit.AuditNote;
import io.pgflow.cache.OutputCache;
import io.pgflow.deferred.DeferredTasks;
import io.pgflow.event.Event;
import io.pgflow.flowcontrol.FlowControl;
import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.DefinedWorkflow;
import io.pgflow.internal.store.OnceAnswer;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.Recent;
import io.pgflow.internal.store.RunIds;
import io.pgflow.internal.store.RunStore;
import io.pgflow.internal.store.SentSignal;
import io.pgflow.internal.store.StartRequest;
import io.pgflow.internal.upkeep.Consequences;
import io.pgflow.operation.Operations;
import io.pgflow.progress.Progress;
import io.pgflow.schedule.Schedules;
import io.pgflow.service.CallFailedException;
import io.pgflow.service.CallResult;
import io.pgflow.service.CallTimeoutException;
import io.pgflow.service.Job;
import io.pgflow.service.Service;
import io.pgflow.state.Priority;
import io.pgflow.workflow.Workflow;
import java.lang.reflect.Type;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Starts runs of workflows, waits for them, looks at them and ends them. Works in a process that runs no tasks as well; made by
 * {@code Pgflow}. All methods may be called from any thread.
 *
 * <p>Every method throws {@link io.pgflow.DatabaseException} when the database cannot be asked. Starts, signals, questions and cancelling
 * keep trying for the setting {@code callDeadline} first; a start is never carried out twice, and a signal counts once.
 */
public final class Executor implements AutoCloseable {

    private final PgflowSettings settings;
    private final RunStore store;
    private final Consequences consequences;
    private final Facets facets;
    private final Starter starter;
    private final RunWatch watch;
    private final Recent<String, DefinedWorkflow> defined = Recent.ofDefinitions();

    /** For {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public Executor(
            PgflowSettings settings, RunStore store, Signals signals, Consequences consequences, Facets facets) {
        this.settings = settings;
        this.store = store;
        this.consequences = consequences;
        this.facets = facets;
        this.starter = new Starter(store, consequences, settings.callDeadline());
        this.watch = new RunWatch(store, signals, settings.pollInterval());
    }

    /** Stores the workflow, if this version of it is not stored yet; returns the version's number. Starting does this too. */
    public int define(Workflow<?, ?> workflow) {
        return stored(workflow).version();
    }

    /** Starts a run, now. */
    public <I, O> Run<O> start(Workflow<I, O> workflow, I input) {
        return start(workflow, input, StartOptions.none());
    }

    /**
     * Starts a run. When this returns, the run is committed.
     *
     * @throws StartRefusedException when it can not be started as asked
     * @throws io.pgflow.InvalidPayloadException when the input is no JSON, or too large
     */
    public <I, O> Run<O> start(Workflow<I, O> workflow, I input, StartOptions options) {
        if (options.once().isPresent()) {
            return startOnce(workflow, input, options).run();
        }
        StartRequest request = request(workflow, stored(workflow), input, options);
        return run(workflow, starter.start(List.of(request), options.actor()).get(0));
    }

    /**
     * Starts a run that stands for others with its key, or finds the one that does; the options say for how long.
     *
     * @throws StartRefusedException when it can not be started as asked, and when the options say nothing of the kind
     */
    public <I, O> StartedOnce<O> startOnce(Workflow<I, O> workflow, I input, StartOptions options) {
        Once once = options.once()
                .orElseThrow(() -> StartRefusedException.badOptions(
                        "say onceWhileUnfinished(..), onceWithin(..) or debounce(..)"));
        StartRequest request = request(workflow, stored(workflow), input, options);
        OnceAnswer answer = starter.startOnce(request, once, options.actor().orElse(null));
        return new StartedOnce<>(run(workflow, answer.runId()), StartOutcome.of(answer.outcome()));
    }

    /**
     * Starts a run in the caller's transaction: it exists when, and only if, that commits. Workers hear of it with the commit.
     * The connection is neither committed nor closed.
     */
    public <I, O> Run<O> start(Connection connection, Workflow<I, O> workflow, I input, StartOptions options) {
        options.once().ifPresent(once -> {
            throw StartRefusedException.badOptions(
                    "a start that another may stand for has a transaction of its own; use an idempotency key");
        });
        StartRequest request = request(workflow, stored(workflow), input, options);
        UUID id = store.start(connection, List.of(request), options.actor().orElse(null), settings.notifications())
                .runIds()
                .get(0);
        return run(workflow, id);
    }

    /**
     * Starts a run for each input, in one call to the database for each thousand; returns them in their order. Each thousand is
     * committed on its own, two at a time on two connections; when one fails, no other begins.
     *
     * @throws StartRefusedException when the options hold an idempotency key, which can stand for one run only
     */
    public <I, O> List<Run<O>> startAll(Workflow<I, O> workflow, List<I> inputs, StartOptions options) {
        if (options.idempotencyKey().isPresent() || options.once().isPresent()) {
            throw StartRefusedException.badOptions("one key cannot stand for several runs");
        }
        DefinedWorkflow version = stored(workflow);
        List<StartRequest> requests = inputs.stream()
                .map(input -> request(workflow, version, input, options))
                .toList();
        return new BulkStart(starter, requests, options.actor())
                .run().stream().map(id -> run(workflow, id)).toList();
    }

    /**
     * Starts a run of the newest version of a workflow that some process defined, by name, with JSON for input.
     *
     * @throws StartRefusedException {@code PGF-RUN-005} when no such workflow is defined
     */
    public Run<Object> startByName(String workflow, String inputJson, StartOptions options) {
        DefinedWorkflow version =
                store.newest(workflow).orElseThrow(() -> StartRefusedException.unknownWorkflow(workflow));
        StartRequest request = request(version, checked(workflow, inputJson), options);
        UUID id = options.once().isPresent()
                ? starter.startOnce(
                                request, options.once().get(), options.actor().orElse(null))
                        .runId()
                : starter.start(List.of(request), options.actor()).get(0);
        return new Run<>(id, workflow, Object.class, this);
    }

    /**
     * Has a service answer a request, in whatever process has it, before other work; see {@link Service}.
     *
     * @throws CallTimeoutException {@code PGF-RUN-047} when it has not answered in time; the call goes on
     * @throws CallFailedException {@code PGF-RUN-048} when it failed
     * @throws InterruptedException when this thread was interrupted; the call goes on
     */
    public <I, O> O call(Service<I, O> service, I request, Duration timeout) throws InterruptedException {
        return call(service, request, timeout, StartOptions.none().priority(Priority.HIGH));
    }

    /** The same with options of its own; with an idempotency key, the answer is that of the first call. */
    public <I, O> O call(Service<I, O> service, I request, Duration timeout, StartOptions options)
            throws InterruptedException {
        return ServiceCalls.await(service, start(service.workflow(), request, options), timeout);
    }

    /** What came of a call of the service so far; empty when the service has none of that id. */
    public <O> Optional<CallResult<O>> result(Service<?, O> service, UUID callId) {
        return find(callId)
                .filter(run -> run.workflow().equals(service.workflow().name()))
                .map(run -> ServiceCalls.result(service, run));
    }

    /** Has a service answer a request that nobody waits for. */
    public <I, O> Run<O> submit(Job<I, O> job) {
        return submit(job, StartOptions.none());
    }

    /** The same with options of its own. */
    @SuppressWarnings("NullAway") // I may be a type that holds null: that is for the application to say
    public <I, O> Run<O> submit(Job<I, O> job, StartOptions options) {
        return start(job.service().workflow(), job.input(), options);
    }

    /** A handle on a run that was started before, here or elsewhere. Whether it exists shows when it is used. */
    public <O> Run<O> attach(Workflow<?, O> workflow, UUID runId) {
        return run(workflow, runId);
    }

    /** The run, as it stands now. */
    public Optional<RunSnapshot> find(UUID runId) {
        return store.run(runId).map(Snapshots::of);
    }

    /** The run that undoes what this one did, begun shortly after it ended badly; empty when there is nothing to undo. */
    public Optional<Run<Void>> undoOf(UUID runId) {
        return operations().undoOf(runId).map(undo -> new Run<>(undo, "undo of " + runId, Void.class, this));
    }

    /** A page of runs, newest first. */
    public List<RunSnapshot> list(RunFilter filter) {
        return store.runs(Snapshots.query(filter)).stream().map(Snapshots::of).toList();
    }

    /** The tasks of a run in the order of its steps, items behind their map; at most 10,000. */
    public List<TaskSnapshot> tasks(UUID runId) {
        return store.tasks(runId, 0, 0, 10_000).stream().map(Snapshots::of).toList();
    }

    /** Everything that happened to a run so far. */
    public List<Event> events(UUID runId) {
        return store.events(runId).stream().map(Event::of).toList();
    }

    /**
     * Ends a run and all that it has left. Handlers that run are interrupted, in this process and others; what they return is
     * dropped.
     */
    public CancelOutcome cancel(UUID runId, String reason) {
        return cancelled(List.of(runId), null, reason).get(0);
    }

    /** The same, with who asks for the audit. */
    public CancelOutcome cancel(UUID runId, AuditNote note) {
        return cancel(List.of(runId), note).get(0);
    }

    /** Ends runs, in one transaction; what came of it is in their order. For many runs, see {@link Operations#matching}. */
    public List<CancelOutcome> cancel(List<UUID> runIds, AuditNote note) {
        return cancelled(runIds, note.actor(), note.reason());
    }

    private List<CancelOutcome> cancelled(List<UUID> runIds, @Nullable String actor, String reason) {
        List<CancelOutcome> outcomes = store.cancel(runIds, actor, reason).stream()
                .map(CancelOutcome::of)
                .toList();
        consequences.followCancelling(runIds);
        return outcomes;
    }

    /**
     * Passes over a step: what depends on it goes on, and reads null for its output. Only while nobody works on it (PENDING,
     * SCHEDULED, RETRYING, or RUNNING while it waits without a worker); returns whether it was done. {@link Operations#skip} also passes
     * over an item of a map, and over what failed, and says why when it does not.
     */
    public boolean skip(UUID runId, String step, AuditNote note) {
        Outcome outcome = store.skip(runId, step, note.actor(), note.reason());
        consequences.follow(outcome);
        return outcome.stale().isEmpty();
    }

    /**
     * Tells a run something; see {@link Signal}. When this returns, the signal is stored.
     *
     * @throws io.pgflow.InvalidPayloadException when the payload is no JSON, or too large
     */
    public SignalOutcome signal(Signal signal) {
        SentSignal.Answer answer = store.signal(sent(signal));
        consequences.follow(new Outcome(Set.of(), List.of(), Set.of(), answer.toSettle(), Optional.empty()));
        return SignalOutcome.of(answer.outcome());
    }

    /**
     * Tells a run something in the caller's transaction: it was told when, and only if, that commits. The step that waited goes on
     * within a poll interval after the commit.
     */
    public SignalOutcome signal(Connection connection, Signal signal) {
        return SignalOutcome.of(store.signal(connection, sent(signal)).outcome());
    }

    private SentSignal sent(Signal signal) {
        String place = "the payload of signal \"" + signal.name() + "\"";
        String json = Json.write(signal.payload(), Object.class, place);
        Json.check(json, place, settings.maxPayloadBytes());
        String id = signal.id().orElseGet(() -> RunIds.next().toString());
        return new SentSignal(signal.runId(), signal.name(), json, id, signal.actor());
    }

    /** Finishes tasks that were left to the outside. */
    public DeferredTasks deferred() {
        return facets.deferred();
    }

    /** Retries, reruns and mends runs, looks into why they wait, and moves and removes them. */
    public Operations operations() {
        return facets.operations();
    }

    /** What people are asked, and what they say. */
    public Approvals approvals() {
        return facets.approvals();
    }

    /** Pauses and resumes queues, workflows, steps and runs. */
    public FlowControl flowControl() {
        return facets.flowControl();
    }

    /** The outputs that are kept to be used again. */
    public OutputCache outputCache() {
        return facets.outputCache();
    }

    /** What handlers tell of their work before it ends. */
    public Progress progress() {
        return facets.progress();
    }

    /** Runs that start by themselves, again and again. */
    public Schedules schedules() {
        return facets.schedules();
    }

    /** Stops waiting for runs; what waits ends with a cancelled future. */
    @Override
    public void close() {
        watch.close();
        facets.progress().close();
    }

    RunWatch watch() {
        return watch;
    }

    private <I, O> StartRequest request(
            Workflow<I, O> workflow, DefinedWorkflow version, @Nullable I input, StartOptions options) {
        Type type = workflow.inputType();
        return request(version, checked(workflow.name(), Json.write(input, type, place(workflow.name()))), options);
    }

    private StartRequest request(DefinedWorkflow version, String input, StartOptions options) {
        return new StartRequest(
                RunIds.next(),
                version.workflowId(),
                input,
                options.idempotencyKey(),
                options.labels().isEmpty() ? Optional.empty() : Optional.of(Json.writeTree(options.labels())),
                options.delay().equals(Duration.ZERO) ? Optional.empty() : Optional.of(options.delay()),
                options.deadline(),
                options.priority().number());
    }

    private String checked(String workflow, String json) {
        Json.check(json, place(workflow), settings.maxPayloadBytes());
        return json;
    }

    private static String place(String workflow) {
        return "the input of workflow \"" + workflow + "\"";
    }

    private DefinedWorkflow stored(Workflow<?, ?> workflow) {
        String json = workflow.toJson();
        @Nullable DefinedWorkflow known = defined.get(json);
        if (known == null) {
            known = starter.untilDeadline(() -> store.define(json));
            defined.put(json, known, json.length());
        }
        return known;
    }

    private <O> Run<O> run(Workflow<?, O> workflow, UUID id) {
        return new Run<>(id, workflow.name(), workflow.outputType(), this);
    }
}
