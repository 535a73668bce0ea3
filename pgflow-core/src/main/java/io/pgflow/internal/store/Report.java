package io.pgflow.internal.store;

import java.time.Duration;
import java.util.Optional;

/** How an attempt ended. */
public sealed interface Report {

    /** The task, under the fence of the attempt. */
    TaskId task();

    /** The handler returned. */
    record Completion(TaskId task, String output) implements Report {}

    /** The handler returned, and has left the task to the outside. */
    record Deferred(TaskId task) implements Report {}

    /** The handler failed; {@code error} is JSON text. */
    record Failure(TaskId task, String error, boolean retryable, Optional<Duration> retryAfter) implements Report {}

    /** The task was completed in the transaction of its handler; what followed is left to be done. */
    record Committed(TaskId task, Outcome outcome) implements Report {}

    /**
     * The attempt neither succeeded nor failed, and does not count; or, when the answer to the commit of its transaction was lost, it
     * did succeed, and {@code perhaps} followed. A release changes nothing then.
     */
    record Release(TaskId task, Outcome perhaps) implements Report {}
}
