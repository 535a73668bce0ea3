package io.pgflow.benchmarks.contender;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker of one flow, as pgflow's own TypeScript worker is one: it reads messages, starts their tasks, and completes each task by a
 * call of its own.
 *
 * <p>One thread reads, up to two batches ahead of the handlers; a read that finds nothing polls inside the server.
 */
final class PgflowSqlWorker implements AutoCloseable {

    static final int BATCH = 100;
    static final int POLL_MILLIS = 100;
    /** How long a read polls in the server before it returns with nothing, and so how long it may take to stop. */
    private static final int POLL_SECONDS = 1;

    private static final int INVISIBLE_SECONDS = 60;
    private static final Pattern NUMBER = Pattern.compile("\"number\": ?(\\d+)");
    private static final Logger log = LoggerFactory.getLogger(PgflowSqlWorker.class);

    private final HikariDataSource pool;
    private final String flow;
    private final LongConsumer called;
    private final ExecutorService handlers;
    private final UUID worker = UUID.randomUUID();
    private final Semaphore free = new Semaphore(2 * BATCH);
    private final Thread reader;
    private volatile boolean stopped;

    /** @param number what the run was started with: the stamp, or the items of a map */
    private record Task(UUID run, String step, int index, long number) {}

    PgflowSqlWorker(HikariDataSource pool, String flow, ExecutorService handlers, LongConsumer called) {
        this.pool = pool;
        this.flow = flow;
        this.handlers = handlers;
        this.called = called;
        reader = new Thread(this::read, "pgflow-sql-" + flow);
    }

    void start() throws SQLException {
        try (Connection connection = pool.getConnection();
                PreparedStatement statement = connection.prepareStatement(
                        "insert into pgflow.workers (worker_id, queue_name, function_name) values (?, ?, 'benchmark')")) {
            statement.setObject(1, worker);
            statement.setString(2, flow);
            statement.executeUpdate();
        }
        reader.start();
    }

    private void read() {
        while (!stopped) {
            try {
                free.acquire(BATCH);
                List<Task> tasks = take();
                free.release(BATCH - tasks.size());
                tasks.forEach(task -> handlers.execute(() -> handle(task)));
            } catch (SQLException | InterruptedException e) {
                log.error("the worker of {} ends", flow, e);
                return;
            }
        }
    }

    private List<Task> take() throws SQLException {
        try (Connection connection = pool.getConnection()) {
            List<Long> messages = messages(connection);
            return messages.isEmpty() ? List.of() : start(connection, messages);
        }
    }

    private List<Long> messages(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select msg_id from pgmq.read_with_poll(?, ?, ?, ?, ?)")) {
            statement.setString(1, flow);
            statement.setInt(2, INVISIBLE_SECONDS);
            statement.setInt(3, BATCH);
            statement.setInt(4, POLL_SECONDS);
            statement.setInt(5, POLL_MILLIS);
            var messages = new ArrayList<Long>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    messages.add(row.getLong(1));
                }
            }
            return messages;
        }
    }

    private List<Task> start(Connection connection, List<Long> messages) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("select * from pgflow.start_tasks(?, ?, ?)")) {
            Array ids = connection.createArrayOf("bigint", messages.toArray());
            statement.setString(1, flow);
            statement.setArray(2, ids);
            statement.setObject(3, worker);
            var tasks = new ArrayList<Task>();
            try (ResultSet row = statement.executeQuery()) {
                boolean separate = row.getMetaData().getColumnCount() > 6;
                while (row.next()) {
                    String input = row.getString(separate ? "flow_input" : "input");
                    tasks.add(new Task(
                            row.getObject("run_id", UUID.class),
                            row.getString("step_slug"),
                            row.getInt("task_index"),
                            number(input)));
                }
            }
            return tasks;
        }
    }

    /** Only the first step of a run has what the run was started with as its input; none other asks for it. */
    private static long number(String input) {
        Matcher number = NUMBER.matcher(input == null ? "" : input);
        return number.find() ? Long.parseLong(number.group(1)) : 0;
    }

    private void handle(Task task) {
        try {
            called.accept(flow.equals(PgflowSqlFlow.of(Work.ONE_STEP).slug()) ? task.number() : 0);
            boolean elements = task.step().equals(PgflowSqlFlow.ELEMENTS);
            complete(task, elements ? array(task.number()) : "null");
        } catch (SQLException e) {
            log.error("a task of {} is not completed", flow, e);
        } finally {
            free.release();
        }
    }

    private static String array(long items) {
        var json = new StringBuilder("[");
        for (long i = 0; i < items; i++) {
            json.append(i == 0 ? "" : ",").append(i);
        }
        return json.append(']').toString();
    }

    private void complete(Task task, String output) throws SQLException {
        try (Connection connection = pool.getConnection();
                PreparedStatement statement =
                        connection.prepareStatement("select pgflow.complete_task(?, ?, ?, ?::jsonb)")) {
            statement.setObject(1, task.run());
            statement.setString(2, task.step());
            statement.setInt(3, task.index());
            statement.setString(4, output);
            statement.execute();
        }
    }

    /** Asks the reader to end, without waiting for it. */
    void stop() {
        stopped = true;
    }

    /** Returns when the reader has ended and every task that it read is completed. */
    @Override
    public void close() {
        stop();
        try {
            reader.join();
            free.acquire(2 * BATCH);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
