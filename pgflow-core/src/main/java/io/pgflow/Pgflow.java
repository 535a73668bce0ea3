package io.pgflow;

import io.pgflow.approval.Approvals;
import io.pgflow.cache.OutputCache;
import io.pgflow.deferred.DeferredTasks;
import io.pgflow.event.EventStream;
import io.pgflow.executor.Executor;
import io.pgflow.executor.Facets;
import io.pgflow.flowcontrol.FlowControl;
import io.pgflow.internal.schedule.Ticker;
import io.pgflow.internal.signal.Signals;
import io.pgflow.internal.store.CacheStore;
import io.pgflow.internal.store.EngineConnections;
import io.pgflow.internal.store.HandlerTransactions;
import io.pgflow.internal.store.ProgressStore;
import io.pgflow.internal.store.RunStore;
import io.pgflow.internal.store.ScheduleStore;
import io.pgflow.internal.store.Stores;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.internal.upkeep.Consequences;
import io.pgflow.internal.upkeep.Retention;
import io.pgflow.internal.upkeep.Upkeep;
import io.pgflow.notify.Listener;
import io.pgflow.notify.Mode;
import io.pgflow.notify.NotificationSettings;
import io.pgflow.notify.Notifications;
import io.pgflow.operation.Operations;
import io.pgflow.progress.Progress;
import io.pgflow.schedule.Schedules;
import io.pgflow.service.Service;
import io.pgflow.worker.Worker;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The engine in your process. Make one, give it your workflows, start runs, close it when the process ends.
 *
 * <pre>{@code
 * try (Pgflow pgflow = Pgflow.on(dataSource).with(checkout).start()) {
 *     Receipt receipt = pgflow.executor().start(checkout, order).await(Duration.ofMinutes(1));
 * }
 * }</pre>
 *
 * <p>Any number of processes may share a database; each runs the tasks of the workflows it was given. A process that was given
 * none starts runs and looks at them, and leaves the work to others.
 */
public final class Pgflow implements AutoCloseable {

    private final Notifications notifications;
    private final Signals signals;
    private final RunStore runs;
    private final ProgressStore progress;
    private final CacheStore cache;
    private final Executor executor;
    private final EventStream events;
    private final Upkeep upkeep;
    private final @Nullable Retention retention;
    private final @Nullable Worker worker;

    private Pgflow(Builder built, EngineConnections connections, RunStore runs) {
        PgflowSettings settings = built.settings;
        this.runs = runs;
        notifications = built.notifications();
        signals = new Signals(notifications);
        connections.onReachable(signals::reachable);
        TaskStore tasks = Stores.tasks(connections);
        var consequences = new Consequences(tasks, signals);
        progress = Stores.progress(connections);
        cache = Stores.cache(connections);
        ScheduleStore schedules = Stores.schedules(connections);
        executor = new Executor(
                settings, runs, signals, consequences, facets(built, connections, schedules, consequences));
        events = new EventStream(runs, signals, settings.pollInterval());
        upkeep = new Upkeep(tasks, consequences, signals, settings.pollInterval(), settings.heartbeat());
        upkeep.everyMinute(progress::prune);
        upkeep.everyMinute(cache::prune);
        upkeep.tickWith(new Ticker(schedules, consequences));
        retention = settings.retention().isEmpty()
                ? null
                : new Retention(Stores.retention(connections), signals, settings.retention());
        worker = startWorker(built, tasks, consequences);
    }

    private Facets facets(
            Builder built, EngineConnections connections, ScheduleStore schedules, Consequences consequences) {
        return new Facets(
                new Approvals(Stores.approvals(connections), consequences, built.settings.maxPayloadBytes()),
                new DeferredTasks(Stores.deferred(connections), consequences, built.settings.maxPayloadBytes()),
                new FlowControl(Stores.flow(connections), consequences),
                new Operations(
                        built.settings,
                        Stores.operations(connections),
                        Stores.survey(connections),
                        Stores.flow(connections),
                        consequences),
                new Progress(progress, runs, signals, built.settings.pollInterval()),
                new OutputCache(cache, built.settings.maxPayloadBytes()),
                new Schedules(built.settings, schedules, runs, consequences));
    }

    /** Nothing stays behind of an engine whose worker cannot start. */
    private @Nullable Worker startWorker(Builder built, TaskStore tasks, Consequences consequences) {
        Map<String, TaskHandler> handlers = built.handlersToRun();
        if (handlers.isEmpty()) {
            return null;
        }
        try {
            return Worker.start(
                    built.settings,
                    handlers,
                    tasks,
                    built.transactions(),
                    progress,
                    cache,
                    signals,
                    consequences,
                    upkeep);
        } catch (RuntimeException e) {
            closeAllButWorker();
            throw e;
        }
    }

    /** Begins to build an engine on a database that has the schema (see {@code PgflowSchema.migrate}). */
    public static Builder on(DataSource dataSource) {
        return new Builder(dataSource);
    }

    /** Starts runs, waits for them, looks at them, ends them. */
    public Executor executor() {
        return executor;
    }

    /** Follows what happens. */
    public EventStream events() {
        return events;
    }

    /** What runs the handlers; empty in a process that was given none. */
    public Optional<Worker> worker() {
        return Optional.ofNullable(worker);
    }

    /** The one LISTEN connection of this process, and the queues; free for the application's use too. */
    public Notifications notifications() {
        return notifications;
    }

    /** Whether hints arrive by NOTIFY, or everything goes by polling. */
    public Mode mode() {
        return notifications.mode();
    }

    /**
     * Looks at once for whatever is due or waits, instead of at the next poll: for who knows better than hints do, such as a test
     * that has moved the clock. Returns before it is done.
     */
    public void look() {
        upkeep.soon();
    }

    /**
     * Checks everything that must always hold of the engine's tables: a line for each violation, none when all is well. Reads
     * all tables; meant for operators and tests.
     */
    public List<String> verify() {
        return runs.verify();
    }

    /** Stops in good order; see {@link Worker#close}. */
    @Override
    public void close() {
        if (worker != null) {
            worker.close();
        }
        closeAllButWorker();
    }

    private void closeAllButWorker() {
        events.close();
        executor.close();
        if (retention != null) {
            retention.close();
        }
        upkeep.close();
        signals.close();
        notifications.close();
    }

    /** Collects what the engine works with. */
    public static final class Builder {

        private final DataSource dataSource;
        private final Map<String, TaskHandler> handlers = new HashMap<>();
        private final List<Workflow<?, ?>> workflows = new ArrayList<>();
        private PgflowSettings settings = PgflowSettings.defaults();
        private Listener.@Nullable Factory listener;
        private @Nullable DataSource forTransactions;

        private Builder(DataSource dataSource) {
            this.dataSource = dataSource;
        }

        /** Gives workflows whose steps this process runs. They are stored when the engine starts. */
        public Builder with(Workflow<?, ?>... more) {
            for (Workflow<?, ?> workflow : more) {
                workflows.add(workflow);
                workflow.handlers().forEach(this::add);
            }
            return this;
        }

        /** Gives services that this process carries out; those without their code are left out. */
        public Builder with(Service<?, ?>... more) {
            for (Service<?, ?> service : more) {
                service.handler().ifPresent(handler -> add(handler.name(), handler));
            }
            return this;
        }

        /** Gives handlers for workflows that are made at run time. */
        public Builder with(RegisteredHandler... more) {
            for (RegisteredHandler handler : more) {
                add(handler.name(), handler);
            }
            return this;
        }

        /** Default: {@link PgflowSettings#defaults()}. */
        public Builder settings(PgflowSettings changed) {
            settings = changed;
            return this;
        }

        /**
         * Where transactional handlers get their connections (default: the DataSource of the engine, which must then have
         * {@link PgflowSettings#transactionalConnections} more). It leads to the same database, and its user may call the functions of
         * schema pgflow.
         */
        public Builder transactionalOn(DataSource applications) {
            forTransactions = applications;
            return this;
        }

        /**
         * Where to LISTEN (default: a connection of the DataSource, kept for good). Give one that reaches the server itself when
         * the DataSource goes through a transaction pooler.
         */
        public Builder listenOn(DataSource direct) {
            return listener(Listener.pgjdbc(direct));
        }

        /** How to LISTEN, for another driver: {@code Listener.pgjdbcNg(...)}. */
        public Builder listener(Listener.Factory factory) {
            listener = factory;
            return this;
        }

        /**
         * Checks the database and starts.
         *
         * @throws IncompatibleDatabaseException when the engine cannot work with the database as it is
         * @throws DatabaseException when the database cannot be reached within {@link PgflowSettings#callDeadline}
         */
        public Pgflow start() {
            var connections = new EngineConnections(dataSource, settings.callDeadline());
            RunStore runs = Stores.runs(connections);
            new StartCheck(runs, dataSource).run(connectionsNeeded());
            workflows.forEach(workflow -> runs.define(workflow.toJson()));
            return new Pgflow(this, connections, runs);
        }

        /** One for each thread that talks to the database for itself, so that none of them waits for another. */
        private List<String> connectionsNeeded() {
            var needed = new ArrayList<>(List.of("starts and inspection", "waiting for runs", "upkeep"));
            if (!handlersToRun().isEmpty()) {
                needed.addAll(List.of("claims", "reports", "heartbeats"));
            }
            if (forTransactions == null && handlersToRun().values().stream().anyMatch(TaskHandler::isTransactional)) {
                needed.add("a transactional handler");
            }
            if (!settings.retention().isEmpty()) {
                needed.add("retention");
            }
            if (settings.notifications()) {
                needed.add("NOTIFY");
            }
            if (listener == null && settings.notifications()) {
                needed.add("LISTEN");
            }
            return needed;
        }

        /** Without those that belong only to workflows that this process shall not run. */
        private Map<String, TaskHandler> handlersToRun() {
            var chosen = new HashMap<>(handlers);
            List<String> names = settings.workflows();
            if (!names.isEmpty()) {
                workflows.stream()
                        .filter(workflow -> !names.contains(workflow.name()))
                        .forEach(workflow ->
                                chosen.keySet().removeAll(workflow.handlers().keySet()));
                workflows.stream()
                        .filter(workflow -> names.contains(workflow.name()))
                        .forEach(workflow -> chosen.putAll(workflow.handlers()));
            }
            return Map.copyOf(chosen);
        }

        private HandlerTransactions transactions() {
            return new HandlerTransactions(
                    forTransactions == null ? dataSource : forTransactions, settings.callDeadline());
        }

        private Notifications notifications() {
            var builder = Notifications.builder(dataSource)
                    .settings(NotificationSettings.defaults()
                            .withEnabled(settings.notifications())
                            .withPollInterval(settings.pollInterval())
                            .withCallWithin(settings.callDeadline()));
            return (listener == null ? builder : builder.listener(listener)).start();
        }

        private void add(String name, TaskHandler handler) {
            TaskHandler other = handlers.putIfAbsent(name, handler);
            if (other != null && other != handler) {
                throw new IllegalArgumentException(
                        "two handlers are named " + name + "; give each handler, and each workflow, once");
            }
        }
    }
}
