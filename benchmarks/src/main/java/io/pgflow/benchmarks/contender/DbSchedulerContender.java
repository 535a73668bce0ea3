package io.pgflow.benchmarks.contender;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import java.io.Serializable;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * db-scheduler: one table of executions, whose rows go when they are done.
 *
 * <p>Settings are those that its README and performance page give for high throughput. A chain is one execution that is rescheduled
 * with new data after each of its steps, which is how its example of chaining does it.
 */
final class DbSchedulerContender implements Contender {

    private static final int CONNECTIONS = 20;
    private static final Duration POLLING_INTERVAL = Duration.ofMillis(100);
    private static final TaskDescriptor<Job> ONE_STEP = TaskDescriptor.of("one_step", Job.class);
    private static final TaskDescriptor<Job> CHAIN = TaskDescriptor.of("chain", Job.class);

    private final ContenderDatabase database;
    private final Tally tally = new Tally();
    private final String process = UUID.randomUUID().toString();
    private final AtomicLong nextId = new AtomicLong();
    private @Nullable HikariDataSource pool;
    private @Nullable SchedulerClient client;
    private volatile @Nullable Scheduler scheduler;

    DbSchedulerContender(ContenderDatabase database) {
        this.database = database;
    }

    /** The data of an execution; a step of a chain is the same with the next number. */
    record Job(long stamp, int step, String payload) implements Serializable {
        Job next() {
            return new Job(stamp, step + 1, payload);
        }
    }

    @Override
    public String name() {
        return "db-scheduler";
    }

    @Override
    public String described() {
        return "db-scheduler " + Jar.versionOf(Scheduler.class)
                + ": lock-and-fetch 1.0 to 4.0 of the threads, polling every " + POLLING_INTERVAL.toMillis()
                + " ms, immediate execution (after each step of a chain too), " + CONNECTIONS
                + " connections; bulk by scheduleBatch";
    }

    @Override
    public boolean can(Work work) {
        return work == Work.ONE_STEP || work == Work.CHAIN;
    }

    /** The tables and indexes of its documentation. */
    @Override
    public void install() throws SQLException {
        try (HikariDataSource once = database.pool("install", 1);
                Connection connection = once.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    create table if not exists scheduled_tasks (
                        task_name             text not null,
                        task_instance         text not null,
                        task_data             bytea,
                        execution_time        timestamptz not null,
                        picked                boolean not null,
                        picked_by             text,
                        last_success          timestamptz,
                        last_failure          timestamptz,
                        consecutive_failures  int,
                        last_heartbeat        timestamptz,
                        version               bigint not null,
                        priority              smallint,
                        primary key (task_name, task_instance)
                    );
                    create index if not exists execution_time_idx on scheduled_tasks (execution_time);
                    create index if not exists last_heartbeat_idx on scheduled_tasks (last_heartbeat);""");
        }
        try (HikariDataSource once = database.pool("install", 1)) {
            Tally.install(once);
        }
    }

    @Override
    public void open() {
        pool = database.pool(name(), CONNECTIONS);
        client = SchedulerClient.Builder.create(pool).build();
    }

    @Override
    public void enqueue(Work work, int size, int payloadBytes) throws SQLException {
        if (!can(work)) {
            throw new IllegalArgumentException(name() + " cannot do " + work);
        }
        String payload = "x".repeat(payloadBytes);
        TaskDescriptor<Job> task = work == Work.CHAIN ? CHAIN : ONE_STEP;
        Stream<TaskInstance<?>> jobs = LongStream.range(0, size).mapToObj(i -> instance(task, new Job(0, 1, payload)));
        client().scheduleBatch(jobs, Instant.now());
        tally.enqueued((long) size * work.steps());
        tally.write(pool());
    }

    private TaskInstance<Job> instance(TaskDescriptor<Job> task, Job job) {
        return task.instance(process + "-" + nextId.incrementAndGet()).data(job).build();
    }

    /** Through the scheduler where one runs, since only that takes the short way to its own threads. */
    @Override
    public void startOne(long stamp) {
        Scheduler running = scheduler;
        SchedulerClient through = running == null ? client() : running;
        if (!through.scheduleIfNotExists(instance(ONE_STEP, new Job(stamp, 1, "")), Instant.now())) {
            throw new IllegalStateException("an execution of this id exists");
        }
        tally.enqueued(1);
    }

    @Override
    public void work(int concurrency, LongConsumer called) {
        Scheduler made = Scheduler.create(pool(), oneStep(called), chain(called))
                .schedulerName(new SchedulerName.Fixed(process))
                .threads(concurrency)
                .pollUsingLockAndFetch(1.0, 4.0)
                .pollingInterval(POLLING_INTERVAL)
                .enableImmediateExecution()
                .addSchedulerListener(new DbSchedulerCounting(tally))
                .build();
        scheduler = made;
        made.start();
    }

    private static OneTimeTask<Job> oneStep(LongConsumer called) {
        return Tasks.oneTime(ONE_STEP)
                .execute((instance, context) -> called.accept(instance.getData().stamp()));
    }

    /** Rescheduling by itself does not wake the scheduler; without the hint, each step would wait for the next poll. */
    private CustomTask<Job> chain(LongConsumer called) {
        return Tasks.custom(CHAIN).execute((instance, context) -> {
            Job job = instance.getData();
            called.accept(job.stamp());
            if (job.step() == Work.CHAIN.steps()) {
                return new CompletionHandler.OnCompleteRemove<>();
            }
            return (complete, operations) -> {
                operations.reschedule(complete, Instant.now(), job.next());
                Scheduler running = scheduler;
                if (running != null) {
                    running.triggerCheckForDueExecutions();
                }
            };
        });
    }

    /** A row goes when its execution is done. */
    @Override
    public boolean allDone() throws SQLException {
        return OneRow.truth(pool(), "select not exists (select from scheduled_tasks)");
    }

    @Override
    public void rest() throws SQLException {
        Scheduler running = scheduler;
        if (running != null) {
            scheduler = null;
            running.stop();
        }
        tally.write(pool());
    }

    @Override
    public void check() throws SQLException {
        tally.write(pool());
        if (!allDone()) {
            throw new IllegalStateException(
                    "executions are left: " + OneRow.number(pool(), "select count(*) from scheduled_tasks"));
        }
        Tally.check(pool());
    }

    @Override
    public void close() {
        HikariDataSource opened = pool;
        if (opened == null) {
            return;
        }
        try (opened) {
            rest();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private HikariDataSource pool() {
        HikariDataSource opened = pool;
        if (opened == null) {
            throw new IllegalStateException("open() comes first");
        }
        return opened;
    }

    private SchedulerClient client() {
        SchedulerClient opened = client;
        if (opened == null) {
            throw new IllegalStateException("open() comes first");
        }
        return opened;
    }
}
