package io.pgflow.executor;

import io.pgflow.state.Priority;
import io.pgflow.state.RunState;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * How does a run stand, at the moment of asking? Input, output and error are JSON text.
 *
 * @param startedAt empty while a delayed run waits for its time
 * @param parent the task that started it, when it was started by a step of another run
 * @param error for a failed run: the step, the item's index and the error
 */
public record RunSnapshot(
        UUID runId,
        String workflow,
        int version,
        RunState state,
        Priority priority,
        Map<String, String> labels,
        String input,
        Optional<String> output,
        Optional<String> error,
        Instant createdAt,
        Optional<Instant> startedAt,
        Optional<Instant> endedAt,
        Optional<ParentTask> parent) {

    public RunSnapshot {
        labels = Map.copyOf(labels);
    }
}
