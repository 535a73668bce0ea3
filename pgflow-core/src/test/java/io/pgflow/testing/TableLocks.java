package io.pgflow.testing;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;

/**
 * For how long was a table shut for everybody, and for how long did somebody wait to shut it, with all others behind? It looks every few
 * milliseconds, so its figures are rough; nothing is decided by them.
 */
public final class TableLocks implements AutoCloseable {

    private static final String SHUT = """
            select c.relname || case when l.granted then '' else ' waits' end, l.virtualtransaction
            from pg_locks l
            join pg_class c on c.oid = l.relation
            join pg_namespace n on n.oid = c.relnamespace
            where l.locktype = 'relation' and l.mode in ('AccessExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock')
              and n.nspname = 'pgflow' and c.relkind = 'r'
              and l.database = (select oid from pg_database where datname = current_database())
            """;

    private final DataSource database;
    /** In nanoseconds. */
    private final Map<String, Long> longest = new TreeMap<>();

    private final Thread thread = new Thread(this::look, "table-locks");
    private final Set<String> waiters = ConcurrentHashMap.newKeySet();

    public TableLocks(DataSource database) {
        this.database = database;
        thread.setDaemon(true);
        thread.start();
    }

    /** How many transactions were seen waiting: one that gives way and begins anew is another one. */
    public int waiters() {
        return waiters.size();
    }

    private void look() {
        Map<String, Long> since = new TreeMap<>();
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(SHUT)) {
            while (true) {
                Map<String, Long> now = new TreeMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        String what = rows.getString(1);
                        now.put(what, since.getOrDefault(what, System.nanoTime()));
                        if (what.endsWith(" waits")) {
                            waiters.add(rows.getString(2));
                        }
                    }
                }
                since = now;
                note(since);
                Thread.sleep(2);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private synchronized void note(Map<String, Long> since) {
        since.forEach((what, begun) -> longest.merge(what, System.nanoTime() - begun, Math::max));
    }

    /** The longest time of each, in milliseconds. */
    @Override
    public synchronized String toString() {
        Map<String, Long> millis = new TreeMap<>();
        longest.forEach((what, nanos) -> millis.put(what, nanos / 1_000_000));
        return "longest in ms " + millis;
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
