package io.pgflow.testing;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/** The clock of the database as those see it who connect through this: it goes on as ever, and ahead when a test says so. */
public final class MovableClock {

    private final AtomicLong aheadMillis = new AtomicLong();

    /** So much time passes at once. Who has a connection already hears of it with the next one. */
    public void passes(Duration time) {
        aheadMillis.addAndGet(time.toMillis());
    }

    /** Connections of the source with this clock. */
    public DataSource over(DataSource source) {
        return (DataSource) Proxy.newProxyInstance(
                MovableClock.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(source, arguments);
                        if (result instanceof Connection connection) {
                            set(connection);
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private void set(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set pgflow.clock_offset = '" + aheadMillis.get() + " milliseconds'");
        }
    }
}
