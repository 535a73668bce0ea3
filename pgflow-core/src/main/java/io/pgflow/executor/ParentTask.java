package io.pgflow.executor;

import java.util.OptionalInt;
import java.util.UUID;

/**
 * Which task started a run?
 *
 * @param runId the run that the task belongs to
 * @param itemIndex the index of the item, from 0, when the step is a map step
 */
public record ParentTask(UUID runId, String step, OptionalInt itemIndex) {}
