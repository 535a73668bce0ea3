package io.pgflow.notify;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;

/**
 * How does a driver receive notifications? One connected link; when it breaks, it is closed and a new one is made.
 *
 * <p>One thread uses it, except for {@link #wake()} and {@link #close()}, which any thread may call. Every statement is answered
 * within the time given to {@link Factory#connect} or fails, so that a black-holed link is noticed. No transaction is ever open.
 */
public interface Listener extends AutoCloseable {
    /** LISTEN; active when this returns. */
    void listen(String channel) throws SQLException;

    /** UNLISTEN; notifications that arrived before may still be returned. */
    void unlisten(String channel) throws SQLException;

    /** Waits for notifications; returns early, and perhaps empty, when some arrived or {@link #wake()} was called. */
    List<Notification> await(Duration timeout) throws SQLException;

    /** Makes the present or the next {@link #await} return within about 100 ms. */
    void wake();

    /** Asks the server for a sign of life and waits for it. */
    void ping() throws SQLException;

    /** Ends the link; never throws. */
    @Override
    void close();

    /** Where and how to connect; called again after each loss. */
    @FunctionalInterface
    interface Factory {
        /** Opens a link on which every later answer takes at most {@code answerWithin}. */
        Listener connect(Duration answerWithin) throws SQLException;
    }

    /**
     * The default: connections of pgjdbc. The DataSource should connect to the server itself, not through a transaction pooler. One out
     * of a connection pool works and keeps one of the pool's connections for good; an unpooled DataSource is the better choice.
     */
    static Factory pgjdbc(DataSource source) {
        return answerWithin -> PgjdbcListener.connect(source, answerWithin);
    }

    /**
     * Connections of pgjdbc-ng, which wakes sooner, made from a DataSource of that driver ({@code PGDataSource}).
     *
     * @throws NotificationException {@code PGF-NTF-005} when the driver is not on the class path: add
     *     {@code com.impossibl.pgjdbc-ng:pgjdbc-ng:0.8.9}
     */
    static Factory pgjdbcNg(DataSource source) {
        PgjdbcNgDriver.require();
        return answerWithin -> PgjdbcNgListener.connect(source::getConnection, answerWithin);
    }

    /**
     * As above, from an address: {@code jdbc:pgsql://host:port/database}, or the same with {@code jdbc:postgresql:} as pgjdbc writes it
     * (without parameters of pgjdbc, which this driver does not know).
     */
    static Factory pgjdbcNg(String url, String user, String password) {
        PgjdbcNgDriver.require();
        return answerWithin -> PgjdbcNgListener.connect(PgjdbcNgDriver.opening(url, user, password), answerWithin);
    }
}
