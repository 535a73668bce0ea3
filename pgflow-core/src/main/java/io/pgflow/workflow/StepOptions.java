package io.pgflow.workflow;

import java.time.Duration;

/**
 * How is a step run? Values are checked when a {@link WorkflowDefinition} is made of the step, with everything else.
 *
 * @param queue which workers run it
 * @param timeout for one attempt, after which the handler is interrupted; 10 ms to 30 days, whole milliseconds
 * @param retry what happens after a failure
 */
public record StepOptions(String queue, Duration timeout, RetryPolicy retry) {

    /** Queue {@code default}, 5 minutes, {@link RetryPolicy#DEFAULT}. */
    public static final StepOptions DEFAULT = new StepOptions("default", Duration.ofMinutes(5), RetryPolicy.DEFAULT);

    public StepOptions withQueue(String queue) {
        return new StepOptions(queue, timeout, retry);
    }

    public StepOptions withTimeout(Duration timeout) {
        return new StepOptions(queue, timeout, retry);
    }

    public StepOptions withRetry(RetryPolicy retry) {
        return new StepOptions(queue, timeout, retry);
    }
}
