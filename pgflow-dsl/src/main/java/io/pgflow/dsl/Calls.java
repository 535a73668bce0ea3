package io.pgflow.dsl;

import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls of annotated methods. */
final class Calls {

    private Calls() {}

    /** Reports a method that could not be called. */
    static void check(Method method, List<Problem> problems) {
        if (Modifier.isPrivate(method.getModifiers()) || !canBeCalled(method)) {
            problems.add(ProblemCode.BAD_METHOD.at(
                    placeOf(method),
                    "the method cannot be called from outside of its class",
                    "make it public or package-private, and open its package to io.pgflow.dsl if it is in a module"));
        }
    }

    static String placeOf(Method method) {
        return method.getDeclaringClass().getSimpleName() + "." + method.getName();
    }

    /** What it returned; what it threw is thrown. */
    static @Nullable Object call(Method method, Object instance, @Nullable Object[] values) throws Exception {
        try {
            return method.invoke(instance, values);
        } catch (InvocationTargetException e) {
            throw thrownBy(e);
        }
    }

    /** The handler's own exception: the worker decides by its type, and whoever reads the run wants its trace. */
    private static Exception thrownBy(InvocationTargetException e) {
        Throwable cause = e.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof Exception exception ? exception : e;
    }

    private static boolean canBeCalled(Method method) {
        try {
            method.setAccessible(true);
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }
}
