package io.pgflow.notify;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Connects within a bound. A driver may wait for ever for a server that accepts the connection and says nothing, so each try has a
 * thread of its own that can be left behind; only a few may hang at once.
 */
final class Connector {
    private static final int MOST_HANGING = 4;

    private final Listener.Factory factory;
    private final Duration within;
    private final Executor threads;
    private final Semaphore tries = new Semaphore(MOST_HANGING);

    Connector(Listener.Factory factory, Duration within, Executor threads) {
        this.factory = factory;
        this.within = within;
        this.threads = threads;
    }

    Listener connect() throws SQLException, InterruptedException {
        if (!tries.tryAcquire(within.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new SQLException("all " + MOST_HANGING + " tries to connect still wait for the server");
        }
        CompletableFuture<Listener> outcome = new CompletableFuture<>();
        threads.execute(() -> attempt(outcome));
        try {
            return outcome.get(within.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new SQLException("no connection within " + within, e);
        } catch (ExecutionException e) {
            throw new SQLException(e.getCause());
        } finally {
            // A connection that comes after all finds this taken and is closed.
            outcome.cancel(false);
        }
    }

    private void attempt(CompletableFuture<Listener> outcome) {
        try {
            Listener listener = factory.connect(within);
            if (!outcome.complete(listener)) {
                listener.close();
            }
        } catch (SQLException | RuntimeException | Error e) {
            outcome.completeExceptionally(e);
        } finally {
            tries.release();
        }
    }
}
