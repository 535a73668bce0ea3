package io.pgflow.dsl;

/**
 * The code behind a map step that looks at nothing but the item.
 *
 * @param <E> the type of an item
 * @param <R> what the step gives per item
 */
@FunctionalInterface
public interface ItemFunction<E, R> {

    /** Does the work of one item; see {@link io.pgflow.workflow.TaskHandler#run} for what may be thrown. */
    R handle(E item) throws Exception;
}
