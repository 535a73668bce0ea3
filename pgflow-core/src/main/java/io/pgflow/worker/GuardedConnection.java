package io.pgflow.worker;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connection that a transactional handler gets: all of JDBC but what ends its transaction, or changes what the engine relies on.
 *
 * <p>It guards against mistakes, not against intent: what the driver hands out beyond connection and statements is not wrapped. A
 * transaction that was ended behind its back is noticed when the task is completed.
 */
final class GuardedConnection implements InvocationHandler {

    private static final Set<String> REFUSED =
            Set.of("commit", "close", "abort", "setTransactionIsolation", "setReadOnly", "setNetworkTimeout");

    private final Connection connection;
    private final TransactionalAttempt attempt;

    private GuardedConnection(Connection connection, TransactionalAttempt attempt) {
        this.connection = connection;
        this.attempt = attempt;
    }

    static Connection of(Connection connection, TransactionalAttempt attempt) {
        return (Connection) proxy(Connection.class, new GuardedConnection(connection, attempt));
    }

    @Override
    public @Nullable Object invoke(Object self, Method method, Object @Nullable [] arguments) throws Throwable {
        String name = method.getName();
        if (method.getDeclaringClass() == Object.class) {
            return ofObject(self, connection, method, arguments);
        }
        if (REFUSED.contains(name) || (name.equals("rollback") && arguments == null)) {
            throw HandlerTransactionException.notYours(name);
        }
        if (name.equals("setAutoCommit")) {
            if (arguments != null && Boolean.TRUE.equals(arguments[0])) {
                throw HandlerTransactionException.notYours("setAutoCommit(true)");
            }
            return null;
        }
        if (attempt.isOver()) { // libraries ask these two when something has gone wrong
            if (name.equals("isClosed") || name.equals("isValid")) {
                return name.equals("isClosed");
            }
        }
        attempt.checkNotOver();
        Object result = call(connection, method, arguments);
        return result instanceof Statement statement
                ? proxy(method.getReturnType(), new GuardedStatement((Connection) self, statement))
                : result;
    }

    /** A statement whose execution can be cancelled, and which leads back to the guarded connection. */
    private final class GuardedStatement implements InvocationHandler {

        private final Connection guarded;
        private final Statement statement;

        GuardedStatement(Connection guarded, Statement statement) {
            this.guarded = guarded;
            this.statement = statement;
        }

        @Override
        public @Nullable Object invoke(Object self, Method method, Object @Nullable [] arguments) throws Throwable {
            if (method.getDeclaringClass() == Object.class) {
                return ofObject(self, statement, method, arguments);
            }
            if (method.getName().equals("getConnection")) {
                return guarded;
            }
            if (!method.getName().startsWith("execute")) {
                return call(statement, method, arguments);
            }
            attempt.begins(statement);
            try {
                return call(statement, method, arguments);
            } finally {
                attempt.ended(statement);
            }
        }
    }

    private static Object proxy(Class<?> type, InvocationHandler handler) {
        return Proxy.newProxyInstance(GuardedConnection.class.getClassLoader(), new Class<?>[] {type}, handler);
    }

    private static @Nullable Object call(Object on, Method method, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(on, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    /** A guard is equal to itself only. */
    private static @Nullable Object ofObject(
            Object self, Object guarded, Method method, Object @Nullable [] arguments) {
        return switch (method.getName()) {
            case "equals" -> arguments != null && arguments[0] == self;
            case "hashCode" -> System.identityHashCode(self);
            default -> "guarded " + guarded;
        };
    }
}
