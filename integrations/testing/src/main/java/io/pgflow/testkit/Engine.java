package io.pgflow.testkit;

import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.faults.Fault;
import io.pgflow.faults.Faults;
import io.pgflow.notify.Listener;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The engine under test. It begins when it is first needed, begins anew when it is given more workflows after that, and has a successor when it
 * was told to end like a process that is killed: from its last call on it reaches the database no more.
 */
final class Engine implements AutoCloseable {

    private static final long SEED = 1;

    private final DataSource database;
    private final Listener.Factory listener;
    private final PgflowSettings settings;
    private final Turnstile turnstile;
    private final StepFaults faults;
    private final Map<String, Workflow<?, ?>> workflows = new LinkedHashMap<>();
    private final List<Pgflow> killed = new ArrayList<>();
    private volatile @Nullable Pgflow running;
    /** Where the engine of now, or the next one, ends. */
    private Faults life = Faults.seeded(SEED);

    Engine(
            DataSource database,
            Listener.Factory listener,
            PgflowSettings settings,
            Turnstile turnstile,
            StepFaults faults) {
        this.database = database;
        this.listener = listener;
        this.settings = settings;
        this.turnstile = turnstile;
        this.faults = faults;
    }

    /** Runs its steps too, with faults around their handlers. */
    synchronized <I, O> void add(Workflow<I, O> workflow, Map<String, TaskHandler> handlers) {
        if (workflows.containsKey(workflow.toJson())) {
            return;
        }
        var guarded = new HashMap<String, TaskHandler>();
        handlers.forEach((name, handler) -> guarded.put(name, faults.around(handler)));
        workflow.definition().steps().stream()
                .filter(step -> step.handler().isPresent())
                .map(StepDefinition::name)
                .forEach(faults::known);
        Workflow<I, O> own = Workflow.of(workflow.definition(), workflow.inputType(), workflow.outputType(), guarded);
        workflows.put(workflow.toJson(), own);
        stop();
    }

    /** The next such call is its last, and is carried out or not as the fault says. */
    synchronized void endAt(Fault fault, Call call) {
        life.endAt(fault, call.function());
    }

    /** It does not end where it was told to; who was killed stays so. */
    synchronized void heal() {
        bury();
        life.heal();
    }

    synchronized Pgflow pgflow() {
        bury();
        Pgflow now = running;
        if (now == null) {
            now = Pgflow.on(Mortal.dataSource(database, life))
                    .settings(settings)
                    .listener(listener)
                    .with(workflows.values().toArray(new Workflow<?, ?>[0]))
                    .start();
            running = now;
        }
        return now;
    }

    /** Has it look for what there is to do, if it has begun. Waits for nobody, so that handlers may call it while it closes. */
    void look() {
        Pgflow now = running;
        if (now != null) {
            now.look();
        }
    }

    /** The number of its worker at this moment; none when it has no handlers, has not begun or was killed. */
    synchronized Optional<Long> workerId() {
        bury();
        return Optional.ofNullable(running).flatMap(Engine::workerOf);
    }

    /** The numbers of the workers that were killed. */
    synchronized List<Long> killedWorkers() {
        bury();
        return killed.stream().flatMap(each -> workerOf(each).stream()).toList();
    }

    /** How many engines were killed. */
    synchronized int crashes() {
        bury();
        return killed.size();
    }

    private static Optional<Long> workerOf(Pgflow pgflow) {
        return pgflow.worker().map(worker -> worker.status().workerId());
    }

    private void bury() {
        Pgflow last = running;
        if (last != null && life.hasEnded()) {
            running = null;
            bury(last);
        }
    }

    /** Who was killed has a successor, and is left lying until all ends: handles of its runs may still be asked. */
    private void bury(Pgflow dead) {
        killed.add(dead);
        life = Faults.seeded(SEED);
    }

    @Override
    public synchronized void close() {
        stop();
        killed.forEach(Engine::closeInBackground);
    }

    /** The one of now; it begins anew when it is needed. */
    private void stop() {
        bury();
        Pgflow last = running;
        running = null;
        if (last != null) {
            turnstile.tear(true);
            try {
                last.close();
            } finally {
                turnstile.tear(false);
            }
            if (life.hasEnded()) { // by a call that it makes when it closes
                bury(last);
            }
        }
    }

    /** It would say goodbye for some seconds, and nobody hears it. */
    private static void closeInBackground(Pgflow killed) {
        var closing = new Thread(killed::close, "testkit-burial");
        closing.setDaemon(true);
        closing.start();
    }
}
