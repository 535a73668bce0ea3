package io.pgflow.benchmarks.contender;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.jobs.mappers.JobMapper;
import org.jobrunr.scheduling.JobRequestScheduler;
import org.jobrunr.server.BackgroundJobServer;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.server.JobActivator;
import org.jobrunr.storage.StorageProvider;
import org.jobrunr.storage.sql.common.SqlStorageProviderFactory;
import org.jobrunr.utils.mapper.JsonMapper;
import org.jobrunr.utils.mapper.JsonMapperFactory;
import org.jspecify.annotations.Nullable;

/**
 * JobRunr, the free edition: a row of JSON for each job, which stays when the job is done.
 *
 * <p>Its workers are virtual threads where the JVM has them, else platform threads, as by default. The poll interval is the shortest
 * that the free edition lets a relational database have; a busy server asks for more work as soon as a worker is idle.
 */
final class JobRunrContender implements Contender {

    private static final int CONNECTIONS = 20;
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ContenderDatabase database;
    private final JsonMapper json = JsonMapperFactory.createJsonMapper();
    private final LongAdder enqueued = new LongAdder();
    private @Nullable HikariDataSource pool;
    private @Nullable StorageProvider storage;
    private @Nullable JobRequestScheduler scheduler;
    private @Nullable BackgroundJobServer server;

    JobRunrContender(ContenderDatabase database) {
        this.database = database;
    }

    /** What is stored of a job. */
    record Job(long stamp, String payload) implements JobRequest {
        @Override
        public Class<Handler> getJobRequestHandler() {
            return Handler.class;
        }
    }

    /** Made for each job by the activator. Public, since it is called by reflection. */
    public static final class Handler implements JobRequestHandler<Job> {
        private final LongConsumer called;

        Handler(LongConsumer called) {
            this.called = called;
        }

        @Override
        public void run(Job job) {
            called.accept(job.stamp());
        }
    }

    @Override
    public String name() {
        return "jobrunr";
    }

    @Override
    public String described() {
        return "JobRunr " + Jar.versionOf(BackgroundJobServer.class) + " free: polling every "
                + POLL_INTERVAL.toSeconds()
                + " s, its least, and whenever a worker is idle; " + CONNECTIONS
                + " connections; bulk by enqueue of a stream";
    }

    @Override
    public boolean can(Work work) {
        return work == Work.ONE_STEP;
    }

    /** Its own migrations. */
    @Override
    public void install() {
        try (HikariDataSource once = database.pool("install", 2);
                StorageProvider made = SqlStorageProviderFactory.using(once)) {
            made.setJobMapper(new JobMapper(json));
        }
    }

    @Override
    public void open() {
        HikariDataSource opened = database.pool(name(), CONNECTIONS);
        StorageProvider made = SqlStorageProviderFactory.using(opened);
        made.setJobMapper(new JobMapper(json));
        pool = opened;
        storage = made;
        scheduler = new JobRequestScheduler(made);
    }

    @Override
    public void enqueue(Work work, int size, int payloadBytes) {
        if (!can(work)) {
            throw new IllegalArgumentException(name() + " cannot do " + work);
        }
        String payload = "x".repeat(payloadBytes);
        scheduler().enqueue(LongStream.range(0, size).mapToObj(i -> new Job(0, payload)));
        enqueued.add(size);
    }

    @Override
    public void startOne(long stamp) {
        scheduler().enqueue(new Job(stamp, ""));
        enqueued.increment();
    }

    /** Returns when the server has announced itself; it looks for work a second later. */
    @Override
    public void work(int concurrency, LongConsumer called) throws InterruptedException {
        var configuration = BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration()
                .andPollInterval(POLL_INTERVAL)
                .andWorkerCount(concurrency);
        var made = new BackgroundJobServer(storage(), json, activator(called), configuration);
        server = made;
        made.start();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (made.isUnAnnounced()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("JobRunr's server has not announced itself in " + PATIENCE);
            }
            Thread.sleep(1);
        }
    }

    private static JobActivator activator(LongConsumer called) {
        return new JobActivator() {
            @Override
            public <T> T activateJob(Class<T> type) {
                return type.cast(new Handler(called));
            }
        };
    }

    @Override
    public boolean allDone() throws SQLException {
        return OneRow.truth(pool(), """
                select not exists (
                    select from jobrunr_jobs
                    where state in ('AWAITING', 'SCHEDULED', 'ENQUEUED', 'PROCESSING'))""");
    }

    @Override
    public void rest() {
        BackgroundJobServer running = server;
        if (running != null) {
            server = null;
            running.stop();
        }
    }

    @Override
    public void check() throws SQLException {
        long stored = OneRow.number(pool(), "select count(*) from jobrunr_jobs");
        long succeeded = OneRow.number(pool(), "select count(*) from jobrunr_jobs where state = 'SUCCEEDED'");
        if (succeeded != stored || stored < enqueued.sum()) {
            throw new IllegalStateException(enqueued.sum() + " jobs were enqueued here, " + stored + " are stored and "
                    + succeeded + " succeeded");
        }
    }

    @Override
    public void close() {
        rest();
        if (storage != null) {
            storage.close();
        }
        if (pool != null) {
            pool.close();
        }
    }

    private HikariDataSource pool() {
        return opened(pool);
    }

    private StorageProvider storage() {
        return opened(storage);
    }

    private JobRequestScheduler scheduler() {
        return opened(scheduler);
    }

    private static <T> T opened(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("open() comes first");
        }
        return part;
    }
}
