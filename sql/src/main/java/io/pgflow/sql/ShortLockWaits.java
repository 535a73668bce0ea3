package io.pgflow.sql;

import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/**
 * How long do workers stand still behind a migration? While it waits to shut a table that a long transaction reads, everybody else
 * waits behind it. So it waits briefly, gives everything back, lets the others work for a while and begins anew, until it comes through.
 *
 * <p>It waits for less than {@code deadlock_timeout} (1 s by default): where it and a worker begin to wait for each other, it gives way before
 * the server looks for a deadlock. That holds if it takes its locks one right after the other; one that works between them may make the server choose.
 */
final class ShortLockWaits implements Callback {

    private static final System.Logger log = System.getLogger("io.pgflow.sql");
    private static final String LONGEST = "500ms";

    /** Not had in time, or taken from it by the server, which had found a deadlock. */
    private static final Set<String> LOCK_NOT_HAD = Set.of("55P03", "40P01");

    private static final int SHORTEST_PAUSE_MILLIS = 1000;
    private static final int TRIES_FOR_A_WARNING = 10;

    /** Throws what the migration throws for another reason, and when this thread is interrupted. */
    static void untilThrough(Runnable migration) {
        for (int tries = 1; ; tries++) {
            try {
                migration.run();
                return;
            } catch (FlywayException e) {
                if (!isLockNotHad(e) || !pause()) {
                    throw e;
                }
                if (tries % TRIES_FOR_A_WARNING == 0) {
                    log.log(
                            System.Logger.Level.WARNING,
                            "the migration has given way {0} times to a transaction that holds a table of pgflow;"
                                    + " look for an old one in pg_stat_activity",
                            tries);
                }
            }
        }
    }

    private static boolean isLockNotHad(Throwable failure) {
        for (Throwable e = failure; e != null; e = e.getCause()) {
            if (e instanceof SQLException sql && LOCK_NOT_HAD.contains(String.valueOf(sql.getSQLState()))) {
                return true;
            }
        }
        return false;
    }

    private static boolean pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(
                    SHORTEST_PAUSE_MILLIS + ThreadLocalRandom.current().nextInt(SHORTEST_PAUSE_MILLIS));
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public boolean supports(Event event, Context context) {
        return event == Event.BEFORE_EACH_MIGRATE;
    }

    @Override
    public boolean canHandleInTransaction(Event event, Context context) {
        return true;
    }

    /** In the transaction of the migration, and with its end no more: the connection is the application's. */
    @Override
    public void handle(Event event, Context context) {
        try (Statement statement = context.getConnection().createStatement()) {
            statement.execute("set local lock_timeout = '" + LONGEST + "'");
        } catch (SQLException e) {
            throw new FlywayException("lock_timeout cannot be set", e);
        }
    }

    @Override
    public String getCallbackName() {
        return "short lock waits";
    }
}
