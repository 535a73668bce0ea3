package io.pgflow.workflow;

import java.lang.invoke.MethodType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The type {@code List<element>}, for a list whose element type is known only at run time. */
public final class ListType implements ParameterizedType {

    private final Type element;

    private ListType(Type element) {
        this.element = element;
    }

    /** {@code List<element>}; a primitive class stands for its boxed one. */
    public static ListType of(Type element) {
        boolean primitive = element instanceof Class<?> type && type.isPrimitive();
        return new ListType(
                primitive ? MethodType.methodType((Class<?>) element).wrap().returnType() : element);
    }

    @Override
    public Type[] getActualTypeArguments() {
        return new Type[] {element};
    }

    @Override
    public Type getRawType() {
        return List.class;
    }

    @Override
    public @Nullable Type getOwnerType() {
        return null;
    }

    /** Equal to the JDK's own description of the same type. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ParameterizedType type
                && type.getOwnerType() == null
                && type.getRawType().equals(List.class)
                && Arrays.equals(type.getActualTypeArguments(), getActualTypeArguments());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(getActualTypeArguments()) ^ List.class.hashCode();
    }

    @Override
    public String toString() {
        return "java.util.List<" + element.getTypeName() + ">";
    }
}
