package io.pgflow.testkit;

import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.faults.Fault;
import io.pgflow.faults.Faults;
import io.pgflow.faults.Parked;
import io.pgflow.service.Service;
import io.pgflow.state.RunState;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * How do I test a workflow? Start a run, let all be done that can be done, move the clock, look at the run.
 *
 * <pre>{@code
 * kit.with(checkout).failOnce("charge");
 * Run<Receipt> run = kit.start(checkout, order);
 * kit.runAll();
 * kit.advance(Duration.ofMinutes(5));
 * kit.runAll();
 * kit.assertThat(run).succeeded().step("charge").succeeded().afterAttempts(2);
 * }</pre>
 *
 * <p>It is the engine itself on a real PostgreSQL, with two differences. Its clock stands, and moves when the test says so. Its worker
 * does nothing by itself: it works in {@link #runAll}, on its own threads and at most one handler at a time (unless the settings say
 * otherwise), until nothing is left to do. What is measured by the JVM and not by the database, such as the timeout of a handler,
 * takes its time.
 *
 * <p>Made by {@link PgflowTest} and {@link PgflowExtension}, or by hand and closed. To be used by one thread.
 */
public final class PgflowTestKit implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MOST_STEPS_IN_TIME = 1000;

    private final Stage stage;
    private final Engine engine;
    private final Quiescence quiescence;
    private final StepFaults stepFaults;
    private final List<Parked> parked = new ArrayList<>();

    PgflowTestKit(Stage stage, PgflowSettings settings) {
        this.stage = stage;
        stepFaults = new StepFaults(task -> new Redelivery(stage.questions(), stage.clock()::now, this::look).of(task));
        engine = new Engine(stage.dataSource(), stage.listener(), settings, stage.turnstile(), stepFaults);
        quiescence = new Quiescence(engine, stage.questions(), stage.clock(), stage.turnstile());
    }

    /**
     * A kit on a new database of the embedded server that all tests of a JVM share; {@code change} is applied to {@link #settings()}. The
     * database is dropped when the kit is closed. Throws {@code EmbeddedPostgresException} when there is none to be had.
     */
    public static PgflowTestKit embedded(UnaryOperator<PgflowSettings.Builder> change) {
        return open(Stage.embedded(), change);
    }

    /** The same with the settings as they are. */
    public static PgflowTestKit embedded() {
        return embedded(UnaryOperator.identity());
    }

    /**
     * A kit on a database for tests that is there already; the schema is installed, or brought to its newest version. What other tests
     * left in it is worked on too. A pool must give out ten connections at once.
     */
    public static PgflowTestKit on(DataSource database, UnaryOperator<PgflowSettings.Builder> change) {
        return open(Stage.on(database), change);
    }

    /** The same with the settings as they are. */
    public static PgflowTestKit on(DataSource database) {
        return on(database, UnaryOperator.identity());
    }

    /**
     * What the engine of a kit is set to: one handler at a time, a poll interval of 100 ms, 5 s for handlers to end when it closes, a worker
     * that is declared lost after 10 minutes; all else as usual.
     */
    public static PgflowSettings.Builder settings() {
        return PgflowSettings.builder()
                .workerName("pgflow-testkit")
                .concurrency(1)
                .pollInterval(Duration.ofMillis(100))
                .stopGrace(Duration.ofSeconds(5))
                .heartbeat(Duration.ofSeconds(20))
                .expiresAfter(Duration.ofMinutes(10));
    }

    private static PgflowTestKit open(Stage stage, UnaryOperator<PgflowSettings.Builder> change) {
        try {
            return new PgflowTestKit(stage, change.apply(settings()).build());
        } catch (RuntimeException e) {
            stage.close();
            throw e;
        }
    }

    /** Runs the steps of these workflows. */
    public PgflowTestKit with(Workflow<?, ?>... workflows) {
        for (Workflow<?, ?> workflow : workflows) {
            engine.add(workflow, workflow.handlers());
        }
        return this;
    }

    /** Runs the steps of a workflow that was made at run time, with the handlers that they name. */
    public PgflowTestKit with(Workflow<?, ?> workflow, RegisteredHandler first, RegisteredHandler... more) {
        return add(workflow, Stream.concat(Stream.of(first), Stream.of(more)));
    }

    /** Answers the calls of this service. */
    public PgflowTestKit with(Service<?, ?> service) {
        return add(service.workflow(), service.handler().stream());
    }

    private PgflowTestKit add(Workflow<?, ?> workflow, Stream<RegisteredHandler> handlers) {
        var code = new HashMap<String, TaskHandler>(workflow.handlers());
        handlers.forEach(handler -> code.put(handler.name(), handler));
        engine.add(workflow, code);
        return this;
    }

    /** Starts a run, now. The kit runs its steps; nothing happens before {@link #runAll}. */
    public <I, O> Run<O> start(Workflow<I, O> workflow, I input) {
        return start(workflow, input, StartOptions.none());
    }

    /** The same with options; throws what {@code Executor.start} throws. */
    public <I, O> Run<O> start(Workflow<I, O> workflow, I input, StartOptions options) {
        if (!workflow.handlers().isEmpty()) {
            with(workflow);
        }
        return pgflow().executor().start(workflow, input, options);
    }

    /** Works until nothing is left that can be done at this time; at most 30 s. See {@link #runAll(Duration)}. */
    public void runAll() {
        runAll(PATIENCE);
    }

    /**
     * Works until nothing is left that can be done at the time that {@link #now} shows. A retry that is due later, a sleep, what
     * waits for a signal, a decision or room in a rate, and what is paused is left.
     *
     * @throws AssertionError when it had not ended after {@code patience}; with what runs
     */
    public void runAll(Duration patience) {
        try {
            if (!quiescence.await(patience)) {
                throw new AssertionError("not all was done after " + patience + "; what goes on:\n"
                        + new RunPicture(stage).ofUnfinished());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while work was done", e);
        }
    }

    /**
     * Works until the run has ended, and moves the clock to whatever is due next as often as that takes, at most 1,000 times.
     *
     * @throws AssertionError with the graph of the run when it waits for something else than time
     */
    public void runToEnd(Run<?> run) {
        for (int i = 0; i < MOST_STEPS_IN_TIME; i++) {
            runAll();
            if (isEnded(run)) {
                return;
            }
            Duration next = quiescence
                    .survey()
                    .nextDueIn()
                    .orElseThrow(() -> assertThat(run).failure("waits for something that does not come by time"));
            advance(next);
        }
        throw assertThat(run).failure("has not ended after " + MOST_STEPS_IN_TIME + " moves of the clock");
    }

    /** Without waiting for an engine that is about to close. */
    private void look() {
        engine.look();
    }

    private static boolean isEnded(Run<?> run) {
        RunState state = run.snapshot().state();
        return state.isTerminal();
    }

    /** From now on the worker works by itself, as in an application, and {@link #runAll} only waits for it. The clock stands all the same. */
    public void runInBackground() {
        stage.turnstile().open();
        pgflow();
    }

    /** What time it is for the engine: at first the server's when the kit was made. */
    public Instant now() {
        return stage.clock().now();
    }

    /**
     * Moves the clock in one go. What is due then (retries, sleeps, deadlines, schedules) is done by the next {@link #runAll}, or
     * at once in the background, and counts from the new time. The worker lives through it.
     *
     * @param time not negative; exact to a microsecond
     * @throws IllegalArgumentException when it is negative
     */
    public void advance(Duration time) {
        Instant then = stage.clock().after(time);
        stage.beat(engine.workerId(), then);
        stage.clock().set(then);
        stage.beat(engine.workerId(), then); // its own heart may have beaten in between, at the time before
        if (stage.turnstile().isOpen()) {
            pgflow().look();
        }
    }

    /**
     * The next attempt at a task of the step fails, and its handler is not called. As with all that is said of a step here, the next task of any
     * step of this name is meant, whatever its workflow and its run.
     *
     * @throws IllegalArgumentException when no workflow that the kit was given has a step of this name with a handler
     */
    public PgflowTestKit failOnce(String step) {
        return failTimes(step, 1);
    }

    /** So many attempts (1 or more) at tasks of the step fail, and their handler is not called. */
    public PgflowTestKit failTimes(String step, int times) {
        stepFaults.plan(step, StepFaults.Fault.FAIL_BEFORE, times);
        return this;
    }

    /** All attempts at tasks of the step fail, and their handler is not called, until {@link #heal}. */
    public PgflowTestKit failAlways(String step) {
        stepFaults.planAlways(step, StepFaults.Fault.FAIL_BEFORE);
        return this;
    }

    /**
     * The next attempt at a task of the step fails after its handler has returned: what it did outside is done, what it wrote in the
     * transaction of its step is not.
     */
    public PgflowTestKit failAfter(String step) {
        stepFaults.plan(step, StepFaults.Fault.FAIL_AFTER, 1);
        return this;
    }

    /**
     * The handler of the step is called a second time for its next task: when it has returned for the first time, the task is taken
     * away before that can be reported, as when its lease was lost. The first report is late, and changes nothing.
     */
    public PgflowTestKit deliverTwice(String step) {
        stepFaults.plan(step, StepFaults.Fault.TAKE_AWAY, 1);
        return this;
    }

    /** How often the handlers of steps of this name were called, since the kit was made. */
    public int callsOf(String step) {
        return stepFaults.calls(step);
    }

    /** The next such call does not reach the database: its connection breaks before. The engine is expected to call again. */
    public PgflowTestKit breakBefore(Call call) {
        faults().once(Fault.FAIL_BEFORE, call.function());
        return this;
    }

    /** The next such call is carried out, and its connection breaks before the answer arrives. */
    public PgflowTestKit breakAfter(Call call) {
        faults().once(Fault.EXECUTE_AND_FAIL, call.function());
        return this;
    }

    /**
     * The engine ends like a process that is killed, where it would make the next such call: it never reaches the database again, and what it
     * held stays held. Another one begins in its place in {@link #runAll}; it gets those tasks when the clock has passed the time after which a
     * worker is lost (10 minutes unless set; {@link #runToEnd} moves it there). Calls from threads without a name, as virtual ones are unless they
     * are given one, count as the engine's: its handlers run on such.
     *
     * @throws IllegalArgumentException for a call that the test makes itself: a start, a signal or a cancellation
     */
    public PgflowTestKit crashBefore(Call call) {
        return crash(Fault.FAIL_BEFORE, call);
    }

    /** The same, and the call is carried out: the database has heard it, and nobody hears the answer. */
    public PgflowTestKit crashAfter(Call call) {
        return crash(Fault.EXECUTE_AND_FAIL, call);
    }

    /** How many engines have ended by {@link #crashBefore} and {@link #crashAfter} so far. */
    public int crashes() {
        return engine.crashes();
    }

    private PgflowTestKit crash(Fault fault, Call call) {
        if (!call.isMadeByTheEngine()) {
            throw new IllegalArgumentException(call
                    + " is a call of the test; crash at one that the engine makes by itself, such as " + Call.COMPLETE);
        }
        engine.endAt(fault, call);
        return this;
    }

    /** The next such call is held before it reaches the database, until what is returned is closed, or the kit. */
    public Parked park(Call call) {
        Parked held = faults().park(call.function());
        parked.add(held);
        return held;
    }

    /** What goes wrong with all calls of {@link #dataSource}; seeded with 1. */
    public Faults faults() {
        return stage.faults();
    }

    /**
     * From now on no NOTIFY arrives: of what is done on other connections than the engine's own the worker hears with the next poll.
     */
    public PgflowTestKit loseNotifications() {
        stage.deafen(true);
        return this;
    }

    /** How many did not arrive so far, because of {@link #loseNotifications}. */
    public long lostNotifications() {
        return stage.lostNotifications();
    }

    /** From now on nothing goes wrong that was asked for here; what is parked stays so. */
    public PgflowTestKit heal() {
        stepFaults.heal();
        engine.heal();
        stage.deafen(false);
        faults().heal();
        return this;
    }

    /** What became of this run? */
    public <O> RunAssert<O> assertThat(Run<O> run) {
        return new RunAssert<>(stage, run.id(), Optional.of(run));
    }

    /** What became of the run of this id? */
    public RunAssert<Object> assertThatRun(UUID runId) {
        return new RunAssert<>(stage, runId, Optional.empty());
    }

    /** Everything that must always hold of the engine's tables holds; throws an AssertionError that says what does not. */
    public void verify() {
        stage.analyze(); // the checks join tables of which nobody has counted the rows yet
        List<String> violations = pgflow().verify();
        if (!violations.isEmpty()) {
            throw new AssertionError("pgflow.verify() found:\n" + String.join("\n", violations));
        }
    }

    /**
     * The engine, for all that a test does beside starting runs: {@code pgflow().executor()} signals, decides, cancels, pauses. When a workflow
     * is given later it begins anew, and this one is closed: do not keep it.
     */
    public Pgflow pgflow() {
        return engine.pgflow();
    }

    /** The database as the engine has it: with the clock of the kit, {@code pgflow.clock()}, and its faults. */
    public DataSource dataSource() {
        return stage.dataSource();
    }

    /** Closes the engine, and drops a database that the kit made. */
    @Override
    public void close() {
        parked.forEach(Parked::close);
        try {
            engine.close();
        } finally {
            stage.close();
        }
    }
}
