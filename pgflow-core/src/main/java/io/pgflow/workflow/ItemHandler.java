package io.pgflow.workflow;

/**
 * The application's code behind a map step, called once per item.
 *
 * @param <I> the type of the run's input
 * @param <E> the type of an item
 * @param <O> what the step gives per item
 */
@FunctionalInterface
public interface ItemHandler<I, E, O> {

    /** Does the work of one item; see {@link TaskHandler#run} for what may be thrown. Null is a legal output. */
    O handle(E item, StepInput<I> in) throws Exception;
}
