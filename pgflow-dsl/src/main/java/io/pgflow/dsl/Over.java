package io.pgflow.dsl;

import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.StepOptions;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What a map step maps over and waits for, and how it is run. Made by {@link FlowBuilder#over} and
 * {@link FlowBuilder#overInput}; never changes, each word gives another.
 *
 * @param <I> what the run's input must be: anything for a map over a step, a list of {@code E} for a map over the input
 * @param <E> the type of one item
 */
@SuppressWarnings("UnusedTypeParameter") // I and E are for the compiler of the application
public final class Over<I, E> extends OptionVerbs<Over<I, E>> {

    private final Optional<StepKey<?>> source;
    private final Type element;
    private final List<StepKey<?>> after;
    private final UnaryOperator<StepOptions> change;

    Over(Optional<StepKey<?>> source, Type element, List<StepKey<?>> after, UnaryOperator<StepOptions> change) {
        this.source = source;
        this.element = element;
        this.after = List.copyOf(after);
        this.change = change;
    }

    /** Waits for these too, and may read their outputs. */
    public Over<I, E> after(StepKey<?>... dependencies) {
        List<StepKey<?>> all = new ArrayList<>(after);
        all.addAll(List.of(dependencies));
        return new Over<>(source, element, all, change);
    }

    /** How many items may be SCHEDULED or on their way at once, 1 to 100,000; all of them unless said otherwise. */
    public Over<I, E> atOnce(int items) {
        return with(options -> options.withItems(all -> all.withAtOnce(items)));
    }

    Over<I, E> collecting() {
        return with(options -> options.withItems(items -> items.withCollect(true)));
    }

    @Override
    Over<I, E> with(UnaryOperator<StepOptions> more) {
        return new Over<>(source, element, after, options -> more.apply(change.apply(options)));
    }

    Optional<StepKey<?>> source() {
        return source;
    }

    Type element() {
        return element;
    }

    List<StepKey<?>> dependencies() {
        return after;
    }

    StepOptions optionsFrom(StepOptions defaults) {
        return change.apply(defaults);
    }
}
