package io.pgflow.testkit;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Locale;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The database as the engine sees it: with the clock of the test, which each session is told before it executes anything, and behind the
 * turnstile.
 */
final class StagedDataSource {

    private final StandingClock clock;
    private final Turnstile turnstile;

    private StagedDataSource(StandingClock clock, Turnstile turnstile) {
        this.clock = clock;
        this.turnstile = turnstile;
    }

    static DataSource around(DataSource inner, StandingClock clock, Turnstile turnstile) {
        var staged = new StagedDataSource(clock, turnstile);
        return (DataSource) proxy(DataSource.class, (self, method, arguments) -> {
            Object result = pass(inner, method, arguments);
            return result instanceof Connection connection ? staged.new Session(connection).proxy : result;
        });
    }

    /** One connection, and what time it was told. */
    private final class Session implements InvocationHandler {

        private final Connection connection;
        private final Connection proxy;
        private @Nullable Instant told;
        private boolean remembers;

        Session(Connection connection) {
            this.connection = connection;
            this.proxy = (Connection) proxy(Connection.class, this);
        }

        @Override
        public @Nullable Object invoke(Object self, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            switch (method.getName()) {
                case "rollback" -> told = null; // what was told in the transaction is taken back with it
                case "close" -> forget();
                default -> {}
            }
            Object result = pass(connection, method, arguments);
            if (!(result instanceof Statement statement)) {
                return result;
            }
            String prepared = firstText(arguments, "");
            return StagedDataSource.proxy(
                    method.getReturnType(), (self2, call, values) -> onStatement(statement, prepared, call, values));
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
            String sql = firstText(arguments, prepared).toLowerCase(Locale.ROOT);
            if (!Turnstile.concerns(sql)) {
                return atTheTime(statement, method, arguments);
            }
            turnstile.enter(sql);
            try {
                return atTheTime(statement, method, arguments);
            } finally {
                turnstile.leave(sql);
            }
        }

        private @Nullable Object atTheTime(Statement statement, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            Instant now = clock.now();
            if (!now.equals(told)) {
                StandingClock.tell(connection, now);
                told = now;
                remembers = true;
            }
            return pass(statement, method, arguments);
        }

        /**
         * A connection that goes back to somebody's pool shall not keep a time that stands. What was not committed is lost, as always
         * when a connection is closed.
         */
        private void forget() {
            if (!remembers) {
                return;
            }
            remembers = false;
            told = null;
            try {
                if (connection.isClosed()) {
                    return;
                }
                boolean inTransaction = !connection.getAutoCommit();
                if (inTransaction) {
                    connection.rollback();
                }
                StandingClock.forget(connection);
                if (inTransaction) {
                    connection.commit();
                }
            } catch (SQLException e) {
                // It is broken, and nobody will see its time.
            }
        }
    }

    private static String firstText(@Nullable Object @Nullable [] arguments, String otherwise) {
        return arguments != null && arguments.length > 0 && arguments[0] instanceof String text ? text : otherwise;
    }

    private static @Nullable Object pass(Object target, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private static Object proxy(Class<?> type, InvocationHandler handler) {
        return Proxy.newProxyInstance(StagedDataSource.class.getClassLoader(), new Class<?>[] {type}, handler);
    }
}
