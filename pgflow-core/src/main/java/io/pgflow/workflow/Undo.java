package io.pgflow.workflow;

import java.util.Optional;

/**
 * What takes back what a step did? A handler that gets the output of the step when the run fails or is cancelled after the step succeeded; of
 * a map step it is called for each item that succeeded, with what that gave. Queue, timeout and retries are those of the step.
 *
 * @param handler its name
 * @param maxAttempts tries in all, 1 to 100; as many as the step has when empty
 */
public record Undo(String handler, Optional<Integer> maxAttempts) {

    /** With as many attempts as the step. */
    public static Undo by(String handler) {
        return new Undo(handler, Optional.empty());
    }

    public Undo withMaxAttempts(int attempts) {
        return new Undo(handler, Optional.of(attempts));
    }
}
