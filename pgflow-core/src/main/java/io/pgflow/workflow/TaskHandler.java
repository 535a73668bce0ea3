package io.pgflow.workflow;

import java.lang.reflect.Type;

/**
 * What does a worker run for a handler name? JSON text in, JSON text out.
 *
 * <p>Applications write {@link StepHandler}, {@link ItemHandler} or {@link RegisteredHandler}; this is what those become.
 * A handler may be run more than once for one task (a worker can die after the work and before the report), and by several
 * threads at once for several tasks.
 */
@FunctionalInterface
public interface TaskHandler {

    /**
     * Does the work of one task.
     *
     * @return the JSON text of the output, {@code "null"} for none
     * @throws NonRetryableException to fail at once
     * @throws RetryAfterException to be tried again not before a time of the handler's choice
     * @throws Exception anything else, to be tried again with backoff while attempts last
     */
    String run(TaskInput in) throws Exception;

    /** Whether the task is completed in the transaction of {@link TaskInput#connection}; not unless said otherwise. */
    default boolean isTransactional() {
        return false;
    }

    /** A plain step's handler, reading and writing values of the given types. */
    static <I, O> TaskHandler of(Type input, Type output, StepHandler<I, O> handler) {
        return new TypedStep<>(input, output, handler);
    }

    /** The handler of a plain step that something outside finishes. */
    static <I> TaskHandler deferring(Type input, Patience patience, DeferringHandler<I> handler) {
        return of(input, Object.class, handler.asStep(patience));
    }

    /** A map step's handler, called once per item; {@code output} is what one call gives. */
    static <I, E, O> TaskHandler ofItem(Type input, Type item, Type output, ItemHandler<I, E, O> handler) {
        return new TypedMapStep<>(input, item, output, handler);
    }

    /** What takes back what a step did, or an item of a map; {@code output} is what that gave. */
    static <O> TaskHandler undo(Type output, UndoHandler<O> handler) {
        return new UndoTask<>(output, handler);
    }

    /** The same for one that writes in the transaction in which its task is completed. */
    static <O> TaskHandler transactionalUndo(Type output, TransactionalUndoHandler<O> handler) {
        return new InTransaction(in ->
                new UndoTask<O>(output, (given, task) -> handler.undo(given, task, in.connection())).run(in));
    }

    /** A plain step's handler that writes in the transaction in which its task is completed. */
    static <I, O> TaskHandler transactional(Type input, Type output, TransactionalHandler<I, O> handler) {
        return new InTransaction(in ->
                new TypedStep<I, O>(input, output, step -> handler.handle(step, in.connection())).run(in));
    }

    /** A map step's handler that writes in the transaction in which its item is completed. */
    static <I, E, O> TaskHandler transactionalItem(
            Type input, Type item, Type output, TransactionalItemHandler<I, E, O> handler) {
        return new InTransaction(in -> new TypedMapStep<I, E, O>(
                        input, item, output, (element, step) -> handler.handle(element, step, in.connection()))
                .run(in));
    }
}
