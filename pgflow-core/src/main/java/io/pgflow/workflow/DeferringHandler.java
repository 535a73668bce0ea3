package io.pgflow.workflow;

/**
 * The application's code behind a step that something outside finishes: a remote job, a webhook, a person at another system.
 *
 * @param <I> the type of the run's input
 */
@FunctionalInterface
public interface DeferringHandler<I> {

    /**
     * Gives the token away and returns. From then on the task needs neither a thread nor a worker; it ends when somebody answers
     * with the token, or when its time is over. When this throws, the attempt has failed and the token is void; see {@link
     * TaskHandler#run} for what may be thrown.
     */
    void handle(StepInput<I> in, Deferral deferral) throws Exception;

    /** As a step's handler: what it gives is dropped, since the outside gives the output. */
    @SuppressWarnings("NullAway") // null is a legal output
    default StepHandler<I, Object> asStep(Patience patience) {
        return in -> {
            handle(in, in.task().defer(patience));
            return null;
        };
    }
}
