package io.pgflow.service;

import io.pgflow.state.RunState;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * What came of a call so far?
 *
 * @param state SUCCEEDED with an output; FAILED or CANCELLED, perhaps with an error; else it goes on
 * @param output empty until it succeeds, and when the answer is null
 * @param errorJson the step that failed and its error, as JSON
 */
public record CallResult<O>(
        UUID callId,
        RunState state,
        Instant calledAt,
        Optional<Instant> completedAt,
        Optional<O> output,
        Optional<String> errorJson) {}
