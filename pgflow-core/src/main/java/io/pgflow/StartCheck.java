package io.pgflow;

import io.pgflow.internal.store.EngineConnections;
import io.pgflow.internal.store.RunStore;
import io.pgflow.internal.store.ServerFacts;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Looks before anything runs whether the engine can work with a database, and says what to do when it cannot. */
final class StartCheck {

    /** The generation of tables and functions that this library speaks: pgflow.schema_version(). */
    static final int SCHEMA_VERSION = 1;

    private static final int OLDEST_SERVER = 140_000;
    private static final Duration POOL_PATIENCE = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final RunStore runs;
    private final DataSource dataSource;

    StartCheck(RunStore runs, DataSource dataSource) {
        this.runs = runs;
        this.dataSource = dataSource;
    }

    /** Checks the schema, the server, and that the pool has a connection for each purpose named. */
    void run(List<String> connectionsNeeded) {
        checkFacts(facts());
        checkPool(connectionsNeeded);
    }

    private ServerFacts facts() {
        try {
            return runs.serverFacts();
        } catch (DatabaseException e) {
            if (e.isTransient()) {
                throw e;
            }
            throw new IncompatibleDatabaseException(
                    IncompatibleDatabaseException.NO_SCHEMA,
                    "this database has no schema pgflow that the library knows; run PgflowSchema.migrate(dataSource), or the SQL"
                            + " that io.pgflow.sql.PrintSchema prints",
                    e);
        }
    }

    private static void checkFacts(ServerFacts facts) {
        if (facts.serverVersion() < OLDEST_SERVER) {
            throw new IncompatibleDatabaseException(
                    IncompatibleDatabaseException.SERVER_TOO_OLD,
                    "the server is PostgreSQL " + facts.serverVersion() / 10_000 + "; use 14 or newer");
        }
        if (facts.schemaVersion() != SCHEMA_VERSION) {
            String todo = facts.schemaVersion() < SCHEMA_VERSION
                    ? "migrate the database (PgflowSchema.migrate)"
                    : "use a newer version of this library, as other processes on the database do";
            throw new IncompatibleDatabaseException(
                    IncompatibleDatabaseException.OTHER_SCHEMA,
                    "the schema pgflow is of version " + facts.schemaVersion() + ", this library speaks version "
                            + SCHEMA_VERSION + "; " + todo);
        }
        if (facts.inRecovery()) {
            throw new IncompatibleDatabaseException(
                    IncompatibleDatabaseException.READ_ONLY,
                    "the server is a standby, which only reads; connect to the primary");
        }
    }

    /** Takes all the connections that will be needed at once, and gives them back. */
    private void checkPool(List<String> needed) {
        var got = new AtomicInteger();
        var lastFailure = new AtomicReference<@Nullable SQLException>();
        var taking = new CompletableFuture<Void>();
        long deadline = System.nanoTime() + POOL_PATIENCE.minus(PAUSE).toNanos();
        var thread = new Thread(() -> take(needed.size(), got, lastFailure, deadline, taking), "pgflow-start-check");
        thread.setDaemon(true);
        thread.start();
        try {
            taking.get(POOL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            thread.interrupt();
            EngineConnections.outage(lastFailure.get()).ifPresent(outage -> {
                throw outage;
            });
            throw new IncompatibleDatabaseException(
                    IncompatibleDatabaseException.POOL_TOO_SMALL,
                    "the engine needs " + needed.size() + " connections at once (" + String.join(", ", needed)
                            + ") but the DataSource gave " + got.get()
                            + "; make its pool larger, and leave some for the application",
                    e);
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting", e);
        }
    }

    private void take(
            int left,
            AtomicInteger got,
            AtomicReference<@Nullable SQLException> lastFailure,
            long deadline,
            CompletableFuture<Void> taking) {
        if (left == 0) {
            taking.complete(null);
            return;
        }
        while (!taking.isDone()) {
            try (Connection connection = EngineConnections.connect(dataSource)) {
                if (connection.isValid(1)) {
                    got.incrementAndGet();
                }
                take(left - 1, got, lastFailure, deadline, taking);
            } catch (SQLException e) { // one broken connection says nothing about the size of the pool
                lastFailure.set(e);
                LockSupport.parkNanos(PAUSE.toNanos());
                if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
                    taking.completeExceptionally(e);
                }
            }
        }
    }
}
