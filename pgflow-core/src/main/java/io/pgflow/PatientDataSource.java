package io.pgflow;

import io.pgflow.internal.store.EngineConnections;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Does your pool come back late when the database does? Put this between the pool and the driver: a connection that the server refuses is asked
 * for again ten times in a second, so the pool has one as soon as the server gives it.
 *
 * <p>A pool that is refused pauses longer with each refusal, and so has its next connection long after the server is back: HikariCP 6.3 doubles its pause
 * up to 5 s, without chance, so that all processes ask at the same late moment. With this it is refused only after the patience is over.
 *
 * <pre>{@code
 * hikariConfig.setDataSource(PatientDataSource.around(driversDataSource, PatientDataSource.PATIENCE));
 * }</pre>
 */
public final class PatientDataSource {

    /** A good patience for a pool: shorter than what threads usually wait for a connection of it. */
    public static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Duration PAUSE = Duration.ofMillis(100);

    private PatientDataSource() {}

    /**
     * A DataSource that gives the connections of the other one, and asks it again for as long as the patience says while the server is away
     * or starts; any other refusal, such as a wrong password or too many connections, is passed on at once.
     *
     * @param patience at least a millisecond
     */
    public static DataSource around(DataSource driver, Duration patience) {
        if (patience.toMillis() < 1) {
            throw new IllegalArgumentException("the patience is " + patience + "; use a millisecond or more");
        }
        return (DataSource) Proxy.newProxyInstance(
                PatientDataSource.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (self, method, arguments) -> method.getReturnType() == Connection.class
                        ? patiently(driver, method, arguments, patience)
                        : call(driver, method, arguments));
    }

    private static Object patiently(
            DataSource driver, Method method, @Nullable Object @Nullable [] arguments, Duration patience)
            throws Throwable {
        long until = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                return call(driver, method, arguments);
            } catch (SQLException e) {
                if (!EngineConnections.isAway(e) || System.nanoTime() + PAUSE.toNanos() - until > 0) {
                    throw e;
                }
                pause(e);
            }
        }
    }

    private static void pause(SQLException refusal) throws SQLException {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw refusal;
        }
    }

    private static Object call(DataSource driver, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(driver, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }
}
