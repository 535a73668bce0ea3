package io.pgflow.notify;

import com.impossibl.postgres.api.jdbc.PGConnection;
import com.impossibl.postgres.api.jdbc.PGNotificationListener;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Listens with pgjdbc-ng, which calls back on its own thread; the callbacks only put into a queue that {@link #await} empties. */
final class PgjdbcNgListener implements Listener, PGNotificationListener {
    /** Marks in the queue, told apart by identity: somebody called {@link #wake()}, or the server closed the link. */
    private static final Notification WOKEN = new Notification("", "woken");

    private static final Notification LOST = new Notification("", "lost");

    private final Connection connection;
    private final BlockingQueue<Notification> arrived = new LinkedBlockingQueue<>();

    private PgjdbcNgListener(Connection connection) {
        this.connection = connection;
    }

    static PgjdbcNgListener connect(PgjdbcNgDriver.Opening opening, Duration answerWithin) throws SQLException {
        Connection connection = opening.open();
        try {
            if (!connection.isWrapperFor(PGConnection.class)) {
                throw Links.otherDriver("pgjdbc-ng", connection);
            }
            Links.prepare(connection, answerWithin);
            PgjdbcNgListener listener = new PgjdbcNgListener(connection);
            connection.unwrap(PGConnection.class).addNotificationListener(listener);
            return listener;
        } catch (SQLException | RuntimeException e) {
            Links.close(connection);
            throw e;
        }
    }

    @Override
    public void notification(int processId, String channelName, String payload) {
        arrived.add(new Notification(channelName, payload));
    }

    @Override
    public void closed() {
        arrived.add(LOST);
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
    @SuppressWarnings("ReferenceEquality") // The marks are told apart by identity: a notification could look like one.
    public List<Notification> await(Duration timeout) throws SQLException {
        List<Notification> batch = new ArrayList<>();
        Notification first = poll(timeout);
        if (first == null) {
            return batch;
        }
        batch.add(first);
        arrived.drainTo(batch);
        if (batch.stream().anyMatch(one -> one == LOST)) {
            throw new SQLException("The server closed the connection", "08006");
        }
        batch.removeIf(one -> one == WOKEN);
        return batch;
    }

    @Override
    public void wake() {
        arrived.add(WOKEN);
    }

    @Override
    public void ping() throws SQLException {
        execute("select 1");
    }

    @Override
    public void close() {
        Links.close(connection);
    }

    private @Nullable Notification poll(Duration timeout) throws SQLException {
        try {
            return arrived.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("Interrupted while waiting for notifications", e);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
