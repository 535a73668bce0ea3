package io.pgflow.notify;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * Listens with pgjdbc, whose {@code getNotifications} blocks on the socket under the connection's lock: nobody else can issue a LISTEN
 * meanwhile, nor interrupt it. So it waits in slices and looks up between them.
 */
final class PgjdbcListener implements Listener {
    private static final int SLICE_MILLIS = 100;

    private final Connection connection;
    private final PGConnection driver;
    private final AtomicBoolean woken = new AtomicBoolean();

    private PgjdbcListener(Connection connection, PGConnection driver) {
        this.connection = connection;
        this.driver = driver;
    }

    static PgjdbcListener connect(DataSource source, Duration answerWithin) throws SQLException {
        Connection connection = source.getConnection();
        try {
            if (!connection.isWrapperFor(PGConnection.class)) {
                throw Links.otherDriver("pgjdbc", connection);
            }
            Links.prepare(connection, answerWithin);
            return new PgjdbcListener(connection, connection.unwrap(PGConnection.class));
        } catch (SQLException | RuntimeException e) {
            Links.close(connection);
            throw e;
        }
    }

    @Override
    public void listen(String channel) throws SQLException {
        execute("listen " + Names.quoted(channel));
    }

    @Override
    public void unlisten(String channel) throws SQLException {
        execute("unlisten " + Names.quoted(channel));
    }

    @Override
    public List<Notification> await(Duration timeout) throws SQLException {
        long end = System.nanoTime() + timeout.toNanos();
        while (true) {
            long millis = (end - System.nanoTime()) / 1_000_000;
            // 0 would mean "for ever" to the driver.
            PGNotification[] arrived = driver.getNotifications((int) Math.max(1, Math.min(SLICE_MILLIS, millis)));
            if (arrived != null && arrived.length > 0) {
                return Stream.of(arrived)
                        .map(one -> new Notification(one.getName(), one.getParameter()))
                        .toList();
            }
            if (woken.getAndSet(false) || System.nanoTime() - end >= 0) {
                return List.of();
            }
        }
    }

    @Override
    public void wake() {
        woken.set(true);
    }

    @Override
    public void ping() throws SQLException {
        execute("select 1");
    }

    @Override
    public void close() {
        Links.close(connection);
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
