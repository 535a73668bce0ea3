package io.pgflow.workflow;

import java.sql.Connection;

/**
 * The application's code behind a map step whose writes are committed together with the item: exactly once for each.
 *
 * @param <I> the type of the run's input
 * @param <E> the type of an item
 * @param <O> what the step gives per item
 */
@FunctionalInterface
public interface TransactionalItemHandler<I, E, O> {

    /** Does the work of one item, under the rules of {@link TransactionalHandler#handle}. */
    O handle(E item, StepInput<I> in, Connection connection) throws Exception;
}
