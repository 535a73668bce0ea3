package io.pgflow.workflow;

import java.time.Duration;

/** Thrown by a handler that knows when trying again makes sense, such as after a {@code Retry-After} header. Uses up an attempt like any failure. */
public class RetryAfterException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final Duration delay;

    /** Not before {@code delay} (zero or more) from now, instead of the step's own backoff. */
    public RetryAfterException(Duration delay, String message) {
        super(message);
        this.delay = checked(delay);
    }

    /** Not before {@code delay} (zero or more) from now, instead of the step's own backoff. */
    public RetryAfterException(Duration delay, String message, Throwable cause) {
        super(message, cause);
        this.delay = checked(delay);
    }

    /** How long to wait at least. */
    public Duration delay() {
        return delay;
    }

    private static Duration checked(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("the delay before the next attempt is negative: " + delay);
        }
        return delay;
    }
}
