package io.pgflow.dsl;

import java.lang.invoke.MethodType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What the annotated way must know about types, because no compiler compares producers with consumers for it. */
final class Types {

    private Types() {}

    /** {@code Integer} for {@code int}, {@code Void} for {@code void}. */
    static Type boxed(Type type) {
        return type instanceof Class<?> primitive && primitive.isPrimitive()
                ? MethodType.methodType(primitive).wrap().returnType()
                : type;
    }

    /** The type of the items of a list type. */
    static Optional<Type> element(Type type) {
        boolean list = type instanceof ParameterizedType generic
                && (generic.getRawType() == List.class || generic.getRawType() == Collection.class);
        return list ? Optional.of(((ParameterizedType) type).getActualTypeArguments()[0]) : Optional.empty();
    }

    /** Whether what is written as one type may be read as the other: the same type (boxed or not), or a class above it. */
    static boolean fits(Type written, Type read) {
        Type from = boxed(written);
        Type to = boxed(read);
        if (from.equals(to) || to == Object.class) {
            return true;
        }
        return from instanceof Class<?> sub && to instanceof Class<?> base && base.isAssignableFrom(sub);
    }
}
