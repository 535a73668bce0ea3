package io.pgflow.executor;

import io.pgflow.state.TaskState;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How does a task stand, at the moment of asking? Output and error are JSON text.
 *
 * @param kind what its step does: work, or what it waits for without a worker (sleep, signal, approval)
 * @param handler the name of the code that does the work
 * @param map true for the task that stands for a whole map step: it waits for its items
 * @param itemIndex the index of the item, from 0, for a task of a map step
 * @param attempts how often a worker started it
 * @param remaining PENDING: parents that have not ended; a running map: items that have not ended; another task that is deferred: 1
 * @param deferred why it is RUNNING though no worker holds it: items, sleep, signal, approval
 * @param unserved true when a worker met it, and no living worker has its handler
 * @param dueAt when its next attempt is due, or its wait ends
 */
public record TaskSnapshot(
        String step,
        String kind,
        Optional<String> handler,
        boolean map,
        OptionalInt itemIndex,
        TaskState state,
        int attempts,
        int remaining,
        Optional<String> deferred,
        boolean unserved,
        OptionalLong workerId,
        Optional<Instant> dueAt,
        Optional<Instant> startedAt,
        Optional<Instant> endedAt,
        Optional<String> output,
        Optional<String> error) {}
