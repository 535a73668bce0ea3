package io.pgflow.workflow;

/**
 * The application's code behind a plain step.
 *
 * @param <I> the type of the run's input
 * @param <O> what the step gives
 */
@FunctionalInterface
public interface StepHandler<I, O> {

    /** Does the work; see {@link TaskHandler#run} for what may be thrown. Null is a legal output. */
    O handle(StepInput<I> in) throws Exception;
}
