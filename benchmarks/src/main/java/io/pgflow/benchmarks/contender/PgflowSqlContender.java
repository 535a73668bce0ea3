package io.pgflow.benchmarks.contender;

import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The SQL of pgflow, the TypeScript project whose ideas this one shares, driven over JDBC as its own worker drives it.
 *
 * <p>Outside Supabase there is nobody to broadcast its events to, so {@code realtime.send} is a function that does nothing, and so are
 * those of pg_cron, which newer versions call when they are installed.
 */
final class PgflowSqlContender implements Contender {

    private static final int CONNECTIONS = 14;
    /** Starts of one statement, when there are many. */
    private static final int STARTS = 500;

    /** What the migrations call of Supabase: broadcasts go nowhere, and no job of its administration is ever run. */
    private static final String SUPABASE = """
            create schema realtime;
            create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
            returns void language sql as '';

            create schema cron;
            create function cron.schedule(job_name text, schedule text, command text)
            returns bigint language sql as 'select 0::bigint';
            create function cron.unschedule(job_name text)
            returns boolean language sql as 'select true';
            """;

    private final ContenderDatabase database;
    private final LongAdder enqueued = new LongAdder();
    private final List<PgflowSqlWorker> workers = new ArrayList<>();
    private @Nullable HikariDataSource pool;
    private @Nullable ExecutorService handlers;

    PgflowSqlContender(ContenderDatabase database) {
        this.database = database;
    }

    @Override
    public String name() {
        return "pgflow-sql";
    }

    @Override
    public String described() {
        return "pgflow " + version() + ", its SQL on pgmq 1.11.1 over JDBC: read_with_poll every "
                + PgflowSqlWorker.POLL_MILLIS + " ms, batches of " + PgflowSqlWorker.BATCH
                + ", a complete_task for each task, "
                + CONNECTIONS + " connections, realtime.send and pg_cron stubs; bulk by " + STARTS
                + " start_flow in a statement";
    }

    private static String version() {
        try {
            return PgflowSqlPackage.fetch().version();
        } catch (IOException e) {
            return "(not fetched)";
        }
    }

    @Override
    public boolean can(Work work) {
        return true;
    }

    @Override
    public void install() throws IOException, SQLException {
        try (HikariDataSource once = database.pool("install", 1);
                Connection connection = once.getConnection()) {
            if (!OneRow.truth(connection, "select to_regclass('pgflow.runs') is not null")) {
                migrate(connection, PgflowSqlPackage.fetch());
            }
            for (Work work : Work.values()) {
                PgflowSqlFlow.of(work).define(connection);
            }
        }
    }

    /** Bodies of functions are not looked into, since some name parts of Supabase that are not here. */
    private static void migrate(Connection connection, PgflowSqlPackage fetched) throws IOException, SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set check_function_bodies = off");
            statement.execute(SUPABASE);
            statement.execute(fetched.pgmq());
            for (String migration : fetched.migrations()) {
                statement.execute(migration);
            }
            statement.execute("reset check_function_bodies");
        }
    }

    @Override
    public void open() {
        pool = database.pool(name(), CONNECTIONS);
    }

    @Override
    public void enqueue(Work work, int size, int payloadBytes) throws SQLException {
        int runs = work == Work.MAP ? 1 : size;
        String input = input(work == Work.MAP ? size : 0, payloadBytes);
        for (int started = 0; started < runs; started += STARTS) {
            start(PgflowSqlFlow.of(work).slug(), Math.min(STARTS, runs - started), input);
        }
    }

    @Override
    public void startOne(long stamp) throws SQLException {
        start(PgflowSqlFlow.of(Work.ONE_STEP).slug(), 1, input(stamp, 0));
    }

    private static String input(long number, int payloadBytes) {
        return "{\"number\": " + number + ", \"payload\": \"" + "x".repeat(payloadBytes) + "\"}";
    }

    private void start(String flow, int runs, String input) throws SQLException {
        try (Connection connection = pool().getConnection();
                PreparedStatement statement = connection.prepareStatement("""
                        select count(*)
                        from generate_series(1, ?) as n
                        cross join lateral pgflow.start_flow(?, jsonb_set(?::jsonb, '{run}', to_jsonb(n)))""")) {
            statement.setInt(1, runs);
            statement.setString(2, flow);
            statement.setString(3, input);
            statement.execute();
        }
        enqueued.add(runs);
    }

    @Override
    public void work(int concurrency, LongConsumer called) throws SQLException {
        handlers = Executors.newFixedThreadPool(concurrency);
        for (Work work : Work.values()) {
            var worker = new PgflowSqlWorker(pool(), PgflowSqlFlow.of(work).slug(), handlers, called);
            workers.add(worker);
            worker.start();
        }
    }

    @Override
    public boolean allDone() throws SQLException {
        return OneRow.truth(pool(), "select not exists (select from pgflow.runs where status = 'started')");
    }

    @Override
    public void rest() {
        workers.forEach(PgflowSqlWorker::stop);
        workers.forEach(PgflowSqlWorker::close);
        workers.clear();
        if (handlers != null) {
            handlers.shutdown();
            handlers = null;
        }
    }

    @Override
    public void check() throws SQLException {
        long stored = OneRow.number(pool(), "select count(*) from pgflow.runs");
        long completed = OneRow.number(pool(), "select count(*) from pgflow.runs where status = 'completed'");
        long open = OneRow.number(pool(), "select count(*) from pgflow.step_tasks where status <> 'completed'");
        if (completed != stored || stored < enqueued.sum() || open != 0) {
            throw new IllegalStateException(enqueued.sum() + " runs were enqueued here, " + stored + " are stored, "
                    + completed + " completed, " + open + " of their tasks have not");
        }
    }

    @Override
    public void close() {
        rest();
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
}
