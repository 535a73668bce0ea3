package io.pgflow.workflow;

import java.sql.Connection;

/**
 * The application's code behind a plain step whose writes are committed together with the step: exactly once.
 *
 * @param <I> the type of the run's input
 * @param <O> what the step gives
 */
@FunctionalInterface
public interface TransactionalHandler<I, O> {

    /**
     * Does the work; see {@link TaskHandler#run} for what may be thrown. Returning commits what was written through the connection
     * together with the step's completion; throwing, a timeout and a cancellation roll it back.
     *
     * <p>The connection is in a transaction (READ COMMITTED) that is the engine's to end: {@code commit}, {@code rollback} and
     * {@code close} are refused, savepoints are not. It is no longer usable when this method has returned. With jOOQ: {@code
     * DSL.using(connection, SQLDialect.POSTGRES)}.
     */
    O handle(StepInput<I> in, Connection connection) throws Exception;
}
