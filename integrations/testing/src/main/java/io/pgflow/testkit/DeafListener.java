package io.pgflow.testkit;

import io.pgflow.notify.Listener;
import io.pgflow.notify.Notification;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/** A link that works, of whose notifications those arrive that a test lets through. */
final class DeafListener implements Listener {

    private final Listener inner;
    private final UnaryOperator<List<Notification>> hearing;

    private DeafListener(Listener inner, UnaryOperator<List<Notification>> hearing) {
        this.inner = inner;
        this.hearing = hearing;
    }

    static Factory over(Factory inner, UnaryOperator<List<Notification>> hearing) {
        return answerWithin -> new DeafListener(inner.connect(answerWithin), hearing);
    }

    @Override
    public List<Notification> await(Duration timeout) throws SQLException {
        return hearing.apply(inner.await(timeout));
    }

    @Override
    public void listen(String channel) throws SQLException {
        inner.listen(channel);
    }

    @Override
    public void unlisten(String channel) throws SQLException {
        inner.unlisten(channel);
    }

    @Override
    public void wake() {
        inner.wake();
    }

    @Override
    public void ping() throws SQLException {
        inner.ping();
    }

    @Override
    public void close() {
        inner.close();
    }
}
