package io.pgflow.testkit;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.embedded.TestDatabases;
import io.pgflow.faults.FaultDataSource;
import io.pgflow.faults.Faults;
import io.pgflow.notify.Listener;
import io.pgflow.notify.Notification;
import io.pgflow.sql.PgflowSchema;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/** The database of a test, and all that stands between it and the engine: the clock, the turnstile, faults, a deaf listener. */
final class Stage implements AutoCloseable {

    private static final long SEED = 1;

    private final DataSource database;
    private final StandingClock clock;
    private final Turnstile turnstile = new Turnstile();
    private final Faults faults = Faults.seeded(SEED);
    private final Questions questions;
    private final DataSource dataSource;
    private final Runnable end;
    private final AtomicLong lost = new AtomicLong();
    private volatile boolean deaf;

    private Stage(DataSource database, boolean own) {
        this.database = database;
        clock = new StandingClock(timeOf(database));
        questions = new Questions(database);
        DataSource faulty = FaultDataSource.around(StagedDataSource.around(database, clock, turnstile), faults);
        if (own) {
            HikariDataSource pool = pool(faulty);
            dataSource = pool;
            end = () -> {
                pool.close();
                TestDatabases.drop(database);
            };
        } else {
            dataSource = faulty;
            end = () -> {};
        }
    }

    static Stage embedded() {
        return new Stage(TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow"), true);
    }

    static Stage on(DataSource database) {
        PgflowSchema.migrate(database);
        return new Stage(database, false);
    }

    DataSource dataSource() {
        return dataSource;
    }

    StandingClock clock() {
        return clock;
    }

    Turnstile turnstile() {
        return turnstile;
    }

    Faults faults() {
        return faults;
    }

    Questions questions() {
        return questions;
    }

    Listener.Factory listener() {
        return DeafListener.over(Listener.pgjdbc(database), this::heard);
    }

    void deafen(boolean on) {
        deaf = on;
    }

    long lostNotifications() {
        return lost.get();
    }

    private List<Notification> heard(List<Notification> arrived) {
        if (!deaf) {
            return arrived;
        }
        lost.addAndGet(arrived.size());
        return List.of();
    }

    /** The worker, if there is one, has its heart beaten for it, so that it lives although time jumps. */
    void beat(Optional<Long> workerId, Instant at) {
        workerId.ifPresent(id -> questions.ask(
                at, row -> row.getBoolean(1), "select h.alive from pgflow.heartbeat(?, '{}', '{}', '{}', '{}') h", id));
    }

    /** Whether the database takes these two texts for the same JSON. */
    boolean isSameJson(String one, String other) {
        return questions
                .ask(clock.now(), row -> row.getBoolean(1), "select ?::jsonb = ?::jsonb", one, other)
                .get(0);
    }

    RunStand stand(UUID runId) {
        return RunStand.of(questions, clock.now(), runId);
    }

    void analyze() {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("analyze");
        } catch (SQLException e) {
            throw new IllegalStateException("the tables cannot be analyzed", e);
        }
    }

    @Override
    public void close() {
        questions.close();
        end.run();
    }

    private static HikariDataSource pool(DataSource database) {
        var config = new HikariConfig();
        config.setDataSource(database);
        config.setPoolName("pgflow-testkit");
        config.setMaximumPoolSize(20);
        config.setMinimumIdle(0);
        config.setConnectionTimeout(5000);
        config.setInitializationFailTimeout(-1);
        return new HikariDataSource(config);
    }

    private static Instant timeOf(DataSource database) {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_catalog.clock_timestamp()")) {
            row.next();
            return row.getObject(1, OffsetDateTime.class).toInstant();
        } catch (SQLException e) {
            throw new IllegalStateException("the database of the test cannot be asked", e);
        }
    }
}
