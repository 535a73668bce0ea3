package io.pgflow.workflow;

import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * How is a step run? Values are checked when a {@link WorkflowDefinition} is made of the step, with everything else.
 *
 * @param queue which workers run it
 * @param timeout for one attempt, after which the handler is interrupted; 10 ms to 30 days, whole milliseconds
 * @param deadline for the whole step: how long after it was scheduled (or opened as a map) it must have ended, all attempts and all
 *     waiting included; then it fails for good, of a map the items that have not ended; 10 ms to 365 days; empty for never
 * @param retry what happens after a failure, while attempts remain
 * @param when whether it runs at all; empty for always
 * @param otherwise what happens when it does not
 * @param onFailure what happens after a failure, when no attempt remains
 * @param items how a map step goes through its items
 * @param limits how much of it may happen, all processes together
 * @param cache for how long an output is used again, and for which tasks; empty for never
 * @param undo what takes back what it did when the run ends badly; empty for nothing
 */
public record StepOptions(
        String queue,
        Duration timeout,
        Optional<Duration> deadline,
        RetryPolicy retry,
        Optional<Condition> when,
        Otherwise otherwise,
        OnFailure onFailure,
        Items items,
        FlowLimits limits,
        Optional<Caching> cache,
        Optional<Undo> undo) {

    /** Queue {@code default}, 5 minutes, {@link RetryPolicy#DEFAULT}, always, and a failure for good fails the run. */
    public static final StepOptions DEFAULT = new StepOptions(
            "default",
            Duration.ofMinutes(5),
            Optional.empty(),
            RetryPolicy.DEFAULT,
            Optional.empty(),
            Otherwise.SKIP,
            OnFailure.FAIL,
            Items.DEFAULT,
            FlowLimits.NONE,
            Optional.empty(),
            Optional.empty());

    /** What of these means something to a step that calls no handler: {@code when}, {@code otherwise} and {@code onFailure}. */
    private StepOptions decisionsOnly() {
        return new StepOptions(
                DEFAULT.queue,
                DEFAULT.timeout,
                DEFAULT.deadline,
                DEFAULT.retry,
                when,
                otherwise,
                onFailure,
                DEFAULT.items,
                DEFAULT.limits,
                DEFAULT.cache,
                DEFAULT.undo);
    }

    /** What of these means something to a step that does this. */
    public StepOptions meantFor(Action action) {
        if (action instanceof Action.Work) {
            return this;
        }
        return action instanceof Action.SubWorkflow
                ? new StepOptions(
                        DEFAULT.queue,
                        DEFAULT.timeout,
                        deadline,
                        retry,
                        when,
                        otherwise,
                        onFailure,
                        items,
                        DEFAULT.limits,
                        DEFAULT.cache,
                        undo)
                : decisionsOnly();
    }

    public StepOptions withQueue(String queue) {
        return new StepOptions(queue, timeout, deadline, retry, when, otherwise, onFailure, items, limits, cache, undo);
    }

    public StepOptions withTimeout(Duration timeout) {
        return new StepOptions(queue, timeout, deadline, retry, when, otherwise, onFailure, items, limits, cache, undo);
    }

    public StepOptions withDeadline(Duration deadline) {
        return new StepOptions(
                queue, timeout, Optional.of(deadline), retry, when, otherwise, onFailure, items, limits, cache, undo);
    }

    public StepOptions withRetry(RetryPolicy retry) {
        return new StepOptions(queue, timeout, deadline, retry, when, otherwise, onFailure, items, limits, cache, undo);
    }

    public StepOptions withWhen(Condition when) {
        return new StepOptions(
                queue, timeout, deadline, retry, Optional.of(when), otherwise, onFailure, items, limits, cache, undo);
    }

    public StepOptions withOtherwise(Otherwise otherwise) {
        return new StepOptions(queue, timeout, deadline, retry, when, otherwise, onFailure, items, limits, cache, undo);
    }

    public StepOptions withOnFailure(OnFailure onFailure) {
        return new StepOptions(queue, timeout, deadline, retry, when, otherwise, onFailure, items, limits, cache, undo);
    }

    public StepOptions withItems(UnaryOperator<Items> change) {
        return new StepOptions(
                queue, timeout, deadline, retry, when, otherwise, onFailure, change.apply(items), limits, cache, undo);
    }

    public StepOptions withLimits(UnaryOperator<FlowLimits> change) {
        return new StepOptions(
                queue, timeout, deadline, retry, when, otherwise, onFailure, items, change.apply(limits), cache, undo);
    }

    public StepOptions withCache(Caching cache) {
        return new StepOptions(
                queue, timeout, deadline, retry, when, otherwise, onFailure, items, limits, Optional.of(cache), undo);
    }

    public StepOptions withUndo(Undo undo) {
        return new StepOptions(
                queue, timeout, deadline, retry, when, otherwise, onFailure, items, limits, cache, Optional.of(undo));
    }
}
