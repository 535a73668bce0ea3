package io.pgflow.internal.store;

import org.jspecify.annotations.Nullable;

/**
 * A task that this process may run until it loses its fence.
 *
 * @param input the run's input, or the element for an item of a map, as JSON text
 * @param outputs the parents' outputs by step name, as the JSON text of an object; null for steps without parents and for items
 */
public record ClaimedTask(
        TaskId id,
        long workflowId,
        int attempt,
        @Nullable String input,
        @Nullable String outputs) {}
