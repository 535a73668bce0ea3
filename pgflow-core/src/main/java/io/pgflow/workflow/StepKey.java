package io.pgflow.workflow;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Optional;

/**
 * How do I name a step and its output's type? With one key, used to define the step, to depend on it and to read its output.
 *
 * <pre>{@code
 * static final StepKey<Payment> CHARGE = StepKey.of("charge", Payment.class);
 * static final StepKey<List<Label>> LABELS = StepKey.listOf("labels", Label.class);
 * }</pre>
 *
 * <p>A bad name is reported when a workflow is built with the key, together with everything else that is wrong.
 *
 * @param <T> what the step gives; for a map step the list of what it gives per item
 */
@SuppressWarnings("UnusedTypeParameter") // T is for the compiler of the application
public record StepKey<T>(String name, Type type) {

    /** The key of a step that gives a {@code T}. */
    public static <T> StepKey<T> of(String name, Class<T> type) {
        return new StepKey<>(name, type);
    }

    /** The key of a step that gives a list: a map step, or a plain step whose output others map over. */
    public static <E> StepKey<List<E>> listOf(String name, Class<E> element) {
        return new StepKey<>(name, GenericType.listOf(element));
    }

    /** The key of a map step whose items may fail. */
    public static <E> StepKey<Collected<E>> collectedOf(String name, Class<E> element) {
        return new StepKey<>(name, GenericType.of(Collected.class, element));
    }

    /** The type of one item when this step gives a list, or gives what was collected of items. */
    public Optional<Type> elementType() {
        return type instanceof ParameterizedType items
                        && (items.getRawType() == List.class || items.getRawType() == Collected.class)
                ? Optional.of(items.getActualTypeArguments()[0])
                : Optional.empty();
    }
}
