package io.pgflow.testing;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.sql.DataSource;

/** A data source of whose commits the first ones seem to fail: some took place and only the answer was lost, others did not. */
public final class LosingCommits {

    private LosingCommits() {}

    /** The first {@code lost} commits throw this; they have taken place when {@code done}. */
    public static DataSource over(DataSource source, boolean done, AtomicInteger lost, Supplier<Exception> thrown) {
        return (DataSource) proxy(DataSource.class, source, (name, call) -> {
            Object result = call.run();
            return result instanceof Connection connection ? losing(connection, done, lost, thrown) : result;
        });
    }

    private static Object losing(Connection connection, boolean done, AtomicInteger lost, Supplier<Exception> thrown) {
        return proxy(Connection.class, connection, (name, call) -> {
            if (!name.equals("commit") || lost.getAndDecrement() <= 0) {
                return call.run();
            }
            if (done) {
                call.run();
            } else {
                connection.rollback();
            }
            throw thrown.get();
        });
    }

    private static Object proxy(Class<?> type, Object target, Around around) {
        return Proxy.newProxyInstance(
                LosingCommits.class.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> around.call(method.getName(), () -> {
                    try {
                        return method.invoke(target, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    private interface Around {
        Object call(String name, Call call) throws Throwable;
    }

    private interface Call {
        Object run() throws Throwable;
    }
}
