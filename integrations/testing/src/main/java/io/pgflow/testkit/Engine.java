package io.pgflow.testkit;

import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.notify.Listener;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** The engine under test. It begins when it is first needed, and begins anew when it is given more workflows after that. */
final class Engine implements AutoCloseable {

    private final DataSource database;
    private final Listener.Factory listener;
    private final PgflowSettings settings;
    private final Turnstile turnstile;
    private final StepFaults faults;
    private final Map<String, Workflow<?, ?>> workflows = new LinkedHashMap<>();
    private volatile @Nullable Pgflow running;

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
        close();
    }

    synchronized Pgflow pgflow() {
        Pgflow now = running;
        if (now == null) {
            now = Pgflow.on(database)
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

    /** The number of its worker at this moment; none when it has no handlers, or has not begun. */
    synchronized Optional<Long> workerId() {
        return Optional.ofNullable(running)
                .flatMap(Pgflow::worker)
                .map(worker -> worker.status().workerId());
    }

    @Override
    public synchronized void close() {
        Pgflow last = running;
        running = null;
        if (last != null) {
            turnstile.tear(true);
            try {
                last.close();
            } finally {
                turnstile.tear(false);
            }
        }
    }
}
