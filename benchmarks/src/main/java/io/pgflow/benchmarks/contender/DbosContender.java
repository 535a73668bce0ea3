package io.pgflow.benchmarks.contender;

import com.zaxxer.hikari.HikariDataSource;
import dev.dbos.transact.DBOS;
import dev.dbos.transact.DBOSClient;
import dev.dbos.transact.config.DBOSConfig;
import dev.dbos.transact.migrations.MigrationManager;
import dev.dbos.transact.workflow.Queue;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * DBOS Transact: workflows as methods, whose steps and results are rows.
 *
 * <p>Its queues are polled; a process that works starts what it is asked to start by itself, without a queue.
 */
final class DbosContender implements Contender {

    private static final int CONNECTIONS = 10;
    private static final Duration POLLING_INTERVAL = Duration.ofMillis(100);
    /** What a poll may take; DBOS hands it to its threads one by one, so few of them are at work at once. */
    private static final int LEAVES = 1_000;
    /** Before Java 21 DBOS has 50 threads a core. Half of them may hold a parent that waits, or no thread is left for its children. */
    private static final int PARENTS = 25 * Runtime.getRuntime().availableProcessors();

    private static final String VERSION = "benchmark";

    private final ContenderDatabase database;
    private final String process = UUID.randomUUID().toString();
    private final LongAdder enqueued = new LongAdder();
    private @Nullable HikariDataSource pool;
    private @Nullable DBOSClient client;
    private volatile @Nullable Running running;

    DbosContender(ContenderDatabase database) {
        this.database = database;
    }

    /** DBOS between {@link #work} and {@link #rest}. */
    private record Running(DBOS dbos, DbosWorkflows workflows) {}

    @Override
    public String name() {
        return "dbos";
    }

    @Override
    public String described() {
        return "DBOS Transact " + Jar.versionOf(DBOS.class) + ": queues polled every " + POLLING_INTERVAL.toMillis()
                + " ms, worker concurrency " + LEAVES + " (" + PARENTS + " for workflows that wait for others), "
                + CONNECTIONS
                + " connections; starts without a queue where it works; no bulk start, so one by one by 8 threads";
    }

    @Override
    public boolean can(Work work) {
        return true;
    }

    @Override
    public void install() {
        try (HikariDataSource once = database.pool("install", 2)) {
            MigrationManager.runMigrations(config(once));
        }
    }

    private DBOSConfig config(HikariDataSource connections) {
        return DBOSConfig.defaults("benchmark")
                .withDataSource(connections)
                .withAppVersion(VERSION)
                .withExecutorId(process);
    }

    @Override
    public void open() {
        HikariDataSource opened = database.pool(name(), CONNECTIONS);
        pool = opened;
        client = new DBOSClient(opened);
    }

    @Override
    public void enqueue(Work work, int size, int payloadBytes) throws Exception {
        String payload = "x".repeat(payloadBytes);
        switch (work) {
            case ONE_STEP -> enqueue(size, DbosWorkflows.ONE_STEP, DbosWorkflows.LEAVES, 0L, payload);
            case CHAIN -> enqueue(size, DbosWorkflows.CHAIN, DbosWorkflows.LEAVES, payload);
            case DIAMOND -> enqueue(size, DbosWorkflows.DIAMOND, DbosWorkflows.PARENTS, payload);
            case MAP -> enqueue(1, DbosWorkflows.MAP, DbosWorkflows.PARENTS, size);
        }
    }

    private void enqueue(int runs, String workflow, String queue, Object... arguments) throws Exception {
        Starts.inParallel(runs, () -> enqueueOne(workflow, queue, arguments));
    }

    private Object enqueueOne(String workflow, String queue, Object... arguments) {
        var options = new DBOSClient.EnqueueOptions(workflow, DbosWorkflows.Durable.class.getName(), queue)
                .withAppVersion(VERSION);
        Object handle = client().enqueueWorkflow(options, arguments);
        enqueued.increment();
        return handle;
    }

    @Override
    public void startOne(long stamp) {
        Running here = running;
        if (here == null) {
            enqueueOne(DbosWorkflows.ONE_STEP, DbosWorkflows.LEAVES, stamp, "");
        } else {
            here.dbos().startWorkflow(() -> here.workflows().oneStep(stamp, ""));
            enqueued.increment();
        }
    }

    @Override
    public void work(int concurrency, LongConsumer called) {
        var dbos = new DBOS(config(pool()));
        dbos.registerQueues(queue(DbosWorkflows.LEAVES, LEAVES), queue(DbosWorkflows.PARENTS, PARENTS));
        DbosWorkflows workflows = new DbosWorkflows.Durable(dbos, called).register();
        dbos.launch();
        running = new Running(dbos, workflows);
    }

    private static Queue queue(String name, int workerConcurrency) {
        return new Queue(name).withWorkerConcurrency(workerConcurrency).withPollingInterval(POLLING_INTERVAL);
    }

    @Override
    public boolean allDone() throws SQLException {
        return OneRow.truth(pool(), """
                select not exists (
                    select from dbos.workflow_status
                    where status in ('ENQUEUED', 'DELAYED', 'PENDING'))""");
    }

    @Override
    public void rest() {
        Running here = running;
        if (here != null) {
            running = null;
            here.dbos().shutdown();
        }
    }

    /** A child workflow is stored with its parent, so only workflows without one are counted against what was enqueued. */
    @Override
    public void check() throws SQLException {
        long stored =
                OneRow.number(pool(), "select count(*) from dbos.workflow_status where parent_workflow_id is null");
        long others = OneRow.number(pool(), "select count(*) from dbos.workflow_status where status <> 'SUCCESS'");
        long chains = OneRow.number(pool(), "select count(*) from dbos.workflow_status where name = 'chain'");
        long links = OneRow.number(
                pool(), "select count(*) from dbos.operation_outputs where function_name ~ '^step_[0-9]+$'");
        if (others != 0 || stored < enqueued.sum() || links != chains * Work.CHAIN.steps()) {
            throw new IllegalStateException(enqueued.sum() + " workflows were enqueued here, " + stored
                    + " are stored, " + others + " have not succeeded; " + chains + " chains have " + links + " steps");
        }
    }

    @Override
    public void close() {
        rest();
        if (client != null) {
            client.close();
        }
        if (pool != null) {
            pool.close();
        }
    }

    private HikariDataSource pool() {
        if (pool == null) {
            throw new IllegalStateException("open() comes first");
        }
        return pool;
    }

    private DBOSClient client() {
        if (client == null) {
            throw new IllegalStateException("open() comes first");
        }
        return client;
    }
}
