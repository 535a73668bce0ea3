package io.pgflow.dsl;

import io.pgflow.workflow.Caching;
import io.pgflow.workflow.Concurrency;
import io.pgflow.workflow.Condition;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.Otherwise;
import io.pgflow.workflow.Part;
import io.pgflow.workflow.Rate;
import io.pgflow.workflow.StepOptions;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * How is a step run? The same words wherever options can be given: for one step behind {@code after(...)}, {@code over(...)} or
 * {@code handler(...)}, and on a builder for all steps that follow. Values are checked when the workflow is built.
 *
 * @param <S> what the words are said to, so that more can follow
 */
public abstract sealed class OptionVerbs<S> permits After, Over, RuntimeStep, UndoVerbs, RuntimeFlowBuilder {

    OptionVerbs() {}

    /** Tries in all, 1 to 100; 3 unless said otherwise. */
    public S maxAttempts(int attempts) {
        return with(options -> options.withRetry(options.retry().withMaxAttempts(attempts)));
    }

    /** For one attempt, after which its handler is interrupted; 10 ms to 30 days, 5 minutes unless said otherwise. */
    public S timeout(Duration timeout) {
        return with(options -> options.withTimeout(timeout));
    }

    /**
     * For the whole step, from when it is scheduled: all its attempts and all its waiting; then it fails for good, of a map the items
     * that have not ended. 10 ms to 365 days; never unless said otherwise.
     */
    public S deadline(Duration deadline) {
        return with(options -> options.withDeadline(deadline));
    }

    /** Before the first retry, then doubling; 1 second unless said otherwise. */
    public S retryDelay(Duration delay) {
        return with(options -> options.withRetry(options.retry().withDelay(delay)));
    }

    /** The longest delay before a retry; 1 minute unless said otherwise. */
    public S maxRetryDelay(Duration delay) {
        return with(options -> options.withRetry(options.retry().withMaxDelay(delay)));
    }

    /** How far delays are spread, 0 to 1 of themselves; 0.2 unless said otherwise. */
    public S retryJitter(double jitter) {
        return with(options -> options.withRetry(options.retry().withJitter(jitter)));
    }

    /** The queue whose workers run it; {@code default} unless said otherwise. */
    public S queue(String queue) {
        return with(options -> options.withQueue(queue));
    }

    /** Runs only in runs for which the condition holds; always unless said otherwise. */
    public S when(Condition condition) {
        return with(options -> options.withWhen(condition));
    }

    /** What happens when the condition does not hold; {@link Otherwise#SKIP} unless said otherwise. */
    public S otherwise(Otherwise otherwise) {
        return with(options -> options.withOtherwise(otherwise));
    }

    /** What happens when no attempt remains; {@link OnFailure#FAIL} unless said otherwise. For a map step, of each item. */
    public S onFailure(OnFailure onFailure) {
        return with(options -> options.withOnFailure(onFailure));
    }

    /** How many tasks of the step may be on their way at once, all processes together; as many as workers can unless said otherwise. */
    public S concurrency(int limit) {
        return concurrency(Concurrency.of(limit));
    }

    /** The same, for each value of a key, or shared with other steps. What was said before holds too. */
    public S concurrency(Concurrency limit) {
        return with(options -> options.withLimits(limits -> limits.with(limit)));
    }

    /** How many attempts, or units, may begin in a time, all processes together. What was said before holds too. */
    public S rate(Rate rate) {
        return with(options -> options.withLimits(limits -> limits.with(rate)));
    }

    /**
     * Lets turns go round among the values, so that one with many tasks does not keep out another with few. Without a limit of concurrency,
     * at most 100 tasks of the step are put into its queue ahead.
     */
    public S fairBy(Part part) {
        return with(options -> options.withLimits(limits -> limits.withFairBy(part)));
    }

    /** Uses outputs again that are cached under the same key; a step without it always runs. */
    public S cache(Caching caching) {
        return with(options -> options.withCache(caching));
    }

    abstract S with(UnaryOperator<StepOptions> change);
}
