package io.pgflow.benchmarks.contender;

import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.Pgflow;
import io.pgflow.PgflowSettings;
import io.pgflow.benchmarks.contender.PgflowWorkflows.Job;
import io.pgflow.executor.StartOptions;
import io.pgflow.sql.PgflowSchema;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Ours, with default settings but for the concurrency. What else shall differ is said in the environment of its process
 * ({@code PGFLOW_NOTIFICATIONS=false}).
 *
 * <p>While it rests there is no engine, only a pool of connections; enqueuing opens one that runs no tasks.
 */
final class PgflowContender implements Contender {

    private static final int CONNECTIONS = 10;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    /** Braces, names and numbers of a {@link Job} as JSON. */
    private static final int JSON_AROUND = 35;

    /** Nothing waits, is to be counted or to be retried, or runs in another process; each of these tables is small. */
    private static final String ALL_DONE = """
            select not exists (select from pgmq.q_pgf2_default)
               and not exists (select from pgflow.unsettled_steps)
               and not exists (select from pgflow.timers)
               and ((select count(*) from pgflow.workers w where w.ended_at is null) <= 1
                    or not exists (
                        select
                        from pgflow.claims c
                        cross join lateral unnest(c.run_ids, c.steps, c.items) n (run_id, step, item)
                        join pgflow.tasks t using (run_id, step, item)
                        where t.state = 'RUNNING'))
            """;

    /** What {@code Pgflow.verify} asks, without its deadline: there may be millions of rows. */
    private static final String VERIFY = "select v::text from pgflow.verify() v limit 10";

    private final HikariDataSource pool;
    private PgflowWorkflows workflows = PgflowWorkflows.calling(stamp -> {});
    private volatile @Nullable Pgflow engine;

    PgflowContender(ContenderDatabase database) {
        pool = database.pool(Contenders.OURS, CONNECTIONS);
    }

    @Override
    public String name() {
        return Contenders.OURS;
    }

    @Override
    public String described() {
        PgflowSettings settings = settings(1);
        return "this version, " + CONNECTIONS + " connections, poll interval " + settings.pollInterval() + ", NOTIFY "
                + (settings.notifications() ? "on" : "off");
    }

    @Override
    public boolean can(Work work) {
        return true;
    }

    @Override
    public void install() {
        PgflowSchema.migrate(pool);
        try (Pgflow once = Pgflow.on(pool).settings(settings(1)).start()) {
            for (Work work : Work.values()) {
                once.executor().define(workflows.of(work));
            }
        }
    }

    @Override
    public void open() {
        engine();
    }

    @Override
    public void ready() {
        engine();
    }

    @Override
    public void enqueue(Work work, int size, int payloadBytes) {
        String text = "x".repeat(Math.max(0, payloadBytes - JSON_AROUND));
        if (work == Work.MAP) {
            engine().executor().start(workflows.map(), new Job(0, size, text));
        } else {
            List<Job> jobs = Collections.nCopies(size, new Job(0, 0, text));
            engine().executor().startAll(workflows.of(work), jobs, StartOptions.none());
        }
    }

    @Override
    public void startOne(long stamp) {
        engine().executor().start(workflows.oneStep(), new Job(stamp, 0, ""));
    }

    @Override
    public void startOneAndAwait() throws InterruptedException {
        engine().executor().start(workflows.oneStep(), new Job(0, 0, "")).await(PATIENCE);
    }

    @Override
    public void work(int concurrency, LongConsumer called) {
        rest();
        workflows = PgflowWorkflows.calling(called);
        engine = Pgflow.on(pool)
                .with(workflows.all())
                .settings(settings(concurrency))
                .start();
    }

    @Override
    public boolean allDone() throws SQLException {
        Pgflow open = engine;
        if (open != null
                && open.worker().map(worker -> worker.status().heldTasks() > 0).orElse(false)) {
            return false;
        }
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement();
                ResultSet answer = statement.executeQuery(ALL_DONE)) {
            answer.next();
            return answer.getBoolean(1);
        }
    }

    @Override
    public void rest() {
        Pgflow open = engine;
        engine = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void check() throws SQLException {
        var violations = new ArrayList<String>();
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(VERIFY)) {
            while (rows.next()) {
                violations.add(rows.getString(1));
            }
        }
        if (!violations.isEmpty()) {
            throw new IllegalStateException("invariants do not hold: " + String.join("; ", violations));
        }
    }

    @Override
    public void close() {
        rest();
        pool.close();
    }

    /** The one that works, or one that only starts runs. */
    private Pgflow engine() {
        Pgflow open = engine;
        return open == null ? opened() : open;
    }

    private synchronized Pgflow opened() {
        Pgflow open = engine;
        if (open == null) {
            open = Pgflow.on(pool).settings(settings(1)).start();
            engine = open;
        }
        return open;
    }

    private static PgflowSettings settings(int concurrency) {
        return PgflowSettings.builder()
                .from(System.getenv())
                .callDeadline(PATIENCE)
                .concurrency(concurrency)
                .build();
    }
}
