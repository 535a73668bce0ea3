package io.pgflow.internal.store;

import java.time.Duration;
import java.util.Optional;

/** How an attempt ended. */
public sealed interface Report {

    /** The task, under the fence of the attempt. */
    TaskId task();

    /** The handler returned. */
    record Completion(TaskId task, String output) implements Report {}

    /** The handler failed; {@code error} is JSON text. */
    record Failure(TaskId task, String error, boolean retryable, Optional<Duration> retryAfter) implements Report {}
}
