package io.pgflow.executor;

import io.pgflow.state.TaskState;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * How does a task stand, at the moment of asking? Output, error and progress are JSON text.
 *
 * @param kind what its step does: work, or what it waits for without a worker (sleep, signal, approval)
 * @param handler the name of the code that does the work
 * @param map true for the task that stands for a whole map step: it waits for its items
 * @param itemIndex the index of the item, from 0, for a task of a map step
 * @param attempts how often a worker started it
 * @param remaining PENDING: parents that have not ended; a running map: items that have not ended; another task that is deferred: 1
 * @param deferred why it is RUNNING though no worker holds it: items, sleep, signal, approval, run: it has started one and
 *     waits for it, or token: somebody outside is to answer
 * @param unserved true when a worker met it, and no living worker has its handler
 * @param dueAt when its next attempt is due, its wait ends, or it is looked whether anything was heard of it
 * @param progress what the outside said last about a task that waits for an answer
 * @param childRunId the run that its attempt started
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
        Optional<String> error,
        Optional<String> progress,
        Optional<UUID> childRunId) {}
