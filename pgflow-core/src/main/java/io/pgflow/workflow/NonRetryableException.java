package io.pgflow.workflow;

/** Thrown by a handler to say: trying again cannot help. The task fails at once, whatever attempts it has left. */
public class NonRetryableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** With a message for whoever reads the run's error. */
    public NonRetryableException(String message) {
        super(message);
    }

    /** With a message for whoever reads the run's error, and what led to it. */
    public NonRetryableException(String message, Throwable cause) {
        super(message, cause);
    }
}
