package io.pgflow.faults;

import java.io.PrintWriter;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * How does my application behave when its connections break? It gets this data source instead of the real one, below its pool.
 *
 * <p>A call that meets a fault ends with an {@link SQLException} of state {@code 08006}, and its connection is closed, as when the network
 * breaks: pools throw such connections away. Executing statements and committing can fail; everything else is passed on.
 */
public final class FaultDataSource implements DataSource {

    private final DataSource inner;
    private final Faults faults;

    private FaultDataSource(DataSource inner, Faults faults) {
        this.inner = inner;
        this.faults = faults;
    }

    /** Connections of {@code inner}, which fail as {@code faults} says. */
    public static DataSource around(DataSource inner, Faults faults) {
        return new FaultDataSource(inner, faults);
    }

    @Override
    public Connection getConnection() throws SQLException {
        return new FaultyConnection(inner.getConnection()).proxy();
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return new FaultyConnection(inner.getConnection(user, password)).proxy();
    }

    @Override
    public @Nullable PrintWriter getLogWriter() throws SQLException {
        return inner.getLogWriter();
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) throws SQLException {
        inner.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        inner.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return inner.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getGlobal();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return inner.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return inner.isWrapperFor(type);
    }

    /** One connection: makes statements that fail, and fails to commit. */
    private final class FaultyConnection implements InvocationHandler {

        private final Connection connection;
        private final Connection proxy;

        FaultyConnection(Connection connection) {
            this.connection = connection;
            this.proxy = (Connection) proxyOf(Connection.class, this);
        }

        Connection proxy() {
            return proxy;
        }

        @Override
        public @Nullable Object invoke(Object self, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            if (method.getName().equals("commit")) {
                return strike("commit", connection, method, arguments);
            }
            Object result = pass(connection, method, arguments);
            if (result instanceof Statement statement) {
                String sql =
                        arguments != null && arguments.length > 0 && arguments[0] instanceof String text ? text : "";
                return proxyOf(
                        method.getReturnType(), (self2, call, values) -> onStatement(statement, sql, call, values));
            }
            return result;
        }

        private @Nullable Object onStatement(
                Statement statement, String prepared, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            if (method.getName().equals("getConnection")) {
                return proxy;
            }
            if (!method.getName().startsWith("execute")) {
                return pass(statement, method, arguments);
            }
            String sql = arguments != null && arguments.length > 0 ? String.valueOf(arguments[0]) : prepared;
            return strike(sql, statement, method, arguments);
        }

        private @Nullable Object strike(
                String sql, Object target, Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
            Fault fault = faults.meet(sql);
            if (fault == Fault.NONE) {
                return pass(target, method, arguments);
            }
            try {
                if (fault == Fault.EXECUTE_AND_FAIL) {
                    pass(target, method, arguments);
                }
            } finally {
                faults.carriedOut();
                connection.close();
            }
            throw new SQLException("the connection broke (" + fault + "): " + sql, "08006");
        }
    }

    private static @Nullable Object pass(Object target, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private static Object proxyOf(Class<?> type, InvocationHandler handler) {
        return Proxy.newProxyInstance(FaultDataSource.class.getClassLoader(), new Class<?>[] {type}, handler);
    }
}
