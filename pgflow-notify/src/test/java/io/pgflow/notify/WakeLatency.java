package io.pgflow.notify;

import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** Prints how long it takes from NOTIFY (sent, not yet answered) to the handler, for each listener. Figures, not assertions. */
public final class WakeLatency {
    private static final int WARM_UP = 1000;
    private static final int ROUNDS = 3000;

    private WakeLatency() {}

    public static void main(String[] arguments) throws Exception {
        Db db = Db.fresh();
        measure("pgjdbc   ", db, Listener.pgjdbc(db.listening()));
        measure("pgjdbc-ng", db, Listener.pgjdbcNg(db.url(db.port()), db.user(), db.password()));
    }

    private static void measure(String name, Db db, Listener.Factory factory) throws Exception {
        BlockingQueue<Long> arrivals = new ArrayBlockingQueue<>(1);
        try (Notifications notifications =
                        Notifications.builder(db.source()).listener(factory).start();
                Connection connection = db.source().getConnection()) {
            notifications.listen("orders", payload -> arrivals.add(System.nanoTime()));
            await().until(() -> notifications.mode() == Mode.NOTIFY);
            for (int pauseMillis : new int[] {0, 5}) {
                print(name, pauseMillis, rounds(connection, arrivals, pauseMillis));
            }
        }
    }

    private static long[] rounds(Connection connection, BlockingQueue<Long> arrivals, int pauseMillis)
            throws Exception {
        long[] nanos = new long[ROUNDS];
        try (PreparedStatement statement = connection.prepareStatement("select pg_notify('orders', '')")) {
            for (int i = -WARM_UP; i < ROUNDS; i++) {
                long took = round(statement, arrivals);
                nanos[Math.max(i, 0)] = took;
                TimeUnit.MILLISECONDS.sleep(pauseMillis);
            }
        }
        Arrays.sort(nanos);
        return nanos;
    }

    private static long round(PreparedStatement statement, BlockingQueue<Long> arrivals)
            throws SQLException, InterruptedException {
        long sent = System.nanoTime();
        statement.execute();
        Long arrived = arrivals.poll(10, TimeUnit.SECONDS);
        if (arrived == null) {
            throw new IllegalStateException("lost after " + Duration.ofNanos(System.nanoTime() - sent));
        }
        return arrived - sent;
    }

    private static void print(String name, int pauseMillis, long[] sorted) {
        System.out.printf(
                "%s  pause %d ms  p50 %.3f ms  p99 %.3f ms%n",
                name, pauseMillis, sorted[ROUNDS / 2] / 1e6, sorted[ROUNDS * 99 / 100] / 1e6);
    }
}
