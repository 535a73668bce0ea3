package io.pgflow.internal.store;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/** One run to start; {@code input} and {@code labels} are JSON text, {@code priority} is 1 high, 2 normal, 3 low. */
public record StartRequest(
        UUID runId,
        long workflowId,
        String input,
        Optional<String> idempotencyKey,
        Optional<String> labels,
        Optional<Duration> delay,
        Optional<Duration> deadline,
        int priority) {}
