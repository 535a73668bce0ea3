package io.pgflow.workflow;

import java.time.Duration;

/**
 * How often is a failing step tried, and how long between the tries? The delay before retry {@code n} (from 0) is
 * {@code min(delay * 2^n, maxDelay)}, made shorter or longer by up to {@code jitter} of itself.
 *
 * @param maxAttempts tries in all, 1 to 100; 1 means no retry
 * @param delay before the first retry, 0 to 30 days
 * @param maxDelay the longest delay, not shorter than {@code delay}, up to 30 days
 * @param jitter 0 (none) to 1
 */
public record RetryPolicy(int maxAttempts, Duration delay, Duration maxDelay, double jitter) {

    /** Three attempts; 1 second, doubling up to 1 minute; jitter 0.2. */
    public static final RetryPolicy DEFAULT = new RetryPolicy(3, Duration.ofSeconds(1), Duration.ofMinutes(1), 0.2);

    public RetryPolicy {
        jitter = jitter + 0.0; // -0.0 and 0.0 are one value
    }

    public RetryPolicy withMaxAttempts(int maxAttempts) {
        return new RetryPolicy(maxAttempts, delay, maxDelay, jitter);
    }

    public RetryPolicy withDelay(Duration delay) {
        return new RetryPolicy(maxAttempts, delay, maxDelay, jitter);
    }

    public RetryPolicy withMaxDelay(Duration maxDelay) {
        return new RetryPolicy(maxAttempts, delay, maxDelay, jitter);
    }

    public RetryPolicy withJitter(double jitter) {
        return new RetryPolicy(maxAttempts, delay, maxDelay, jitter);
    }
}
