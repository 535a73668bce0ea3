package io.pgflow.operation;

import java.util.Optional;
import java.util.UUID;

/**
 * What came of starting a run again?
 *
 * @param runId the new run; empty when none was started
 */
public record NewRun(OperationOutcome outcome, Optional<UUID> runId) {}
