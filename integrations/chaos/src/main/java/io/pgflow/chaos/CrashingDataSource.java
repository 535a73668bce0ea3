package io.pgflow.chaos;

import io.pgflow.chaos.CrashPoint.Moment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Ends the process at a call of the driver: no shutdown hook runs, nothing is handed back, as with {@code kill -9}. */
final class CrashingDataSource implements InvocationHandler {

    /** Tells such an end from all others. */
    static final int STATUS = 9;

    private static final Pattern FUNCTION = Pattern.compile("\"?pgflow\"?\\.\"?([a-z_]+)\"?\\s*\\(");

    private final Object target;
    private final CrashPoint point;
    private final AtomicInteger hits;
    private final String sql;

    private CrashingDataSource(Object target, CrashPoint point, AtomicInteger hits, String sql) {
        this.target = target;
        this.point = point;
        this.hits = hits;
        this.sql = sql;
    }

    static DataSource around(DataSource inner, CrashPoint point) {
        return (DataSource) proxy(DataSource.class, new CrashingDataSource(inner, point, new AtomicInteger(), ""));
    }

    @Override
    public @Nullable Object invoke(Object self, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        String text = arguments != null && arguments.length > 0 && arguments[0] instanceof String given ? given : sql;
        boolean calls = isCall(method, text);
        boolean here = calls && hits.incrementAndGet() == point.hit();
        if (here && point.moment() == Moment.BEFORE) {
            Runtime.getRuntime().halt(STATUS);
        }
        Object result = pass(method, arguments);
        if (here) {
            Runtime.getRuntime().halt(STATUS);
        }
        return result instanceof Connection || result instanceof Statement
                ? proxy(method.getReturnType(), new CrashingDataSource(result, point, hits, text))
                : result;
    }

    private boolean isCall(Method method, String text) {
        if (target instanceof Connection) {
            return method.getName().equals("commit") && point.function().equals("commit");
        }
        if (!(target instanceof Statement) || !method.getName().startsWith("execute")) {
            return false;
        }
        Matcher function = FUNCTION.matcher(text);
        while (function.find()) {
            if (function.group(1).equals(point.function())) {
                return true;
            }
        }
        return false;
    }

    private @Nullable Object pass(Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private static Object proxy(Class<?> type, InvocationHandler handler) {
        return Proxy.newProxyInstance(CrashingDataSource.class.getClassLoader(), new Class<?>[] {type}, handler);
    }
}
