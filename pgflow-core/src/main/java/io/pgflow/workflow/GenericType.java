package io.pgflow.workflow;

import java.lang.invoke.MethodType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A type such as {@code List<element>} whose argument is known only at run time. */
public final class GenericType implements ParameterizedType {

    private final Class<?> raw;
    private final Type argument;

    private GenericType(Class<?> raw, Type argument) {
        this.raw = raw;
        this.argument = argument;
    }

    /** {@code raw<argument>}, for a class with one type parameter; a primitive class stands for its boxed one. */
    public static GenericType of(Class<?> raw, Type argument) {
        boolean primitive = argument instanceof Class<?> type && type.isPrimitive();
        return new GenericType(
                raw,
                primitive ? MethodType.methodType((Class<?>) argument).wrap().returnType() : argument);
    }

    /** {@code List<element>}. */
    public static GenericType listOf(Type element) {
        return of(List.class, element);
    }

    @Override
    public Type[] getActualTypeArguments() {
        return new Type[] {argument};
    }

    @Override
    public Type getRawType() {
        return raw;
    }

    @Override
    public @Nullable Type getOwnerType() {
        return raw.getDeclaringClass();
    }

    /** Equal to the JDK's own description of the same type. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ParameterizedType type
                && raw.getDeclaringClass() == type.getOwnerType()
                && type.getRawType().equals(raw)
                && Arrays.equals(type.getActualTypeArguments(), getActualTypeArguments());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(getActualTypeArguments()) ^ Objects.hashCode(raw.getDeclaringClass()) ^ raw.hashCode();
    }

    @Override
    public String toString() {
        return raw.getName() + "<" + argument.getTypeName() + ">";
    }
}
