package io.pgflow.testkit;

/** Nobody must act: a test asked for this attempt to fail. */
public final class StepFaultException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    StepFaultException(String step, String when) {
        super("step " + step + " was told to fail " + when);
    }
}
