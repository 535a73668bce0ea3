package io.pgflow.internal.store;

import java.util.UUID;

/** The answer of start_once: the run, what became of the start (started, existing, replaced), and what follows. */
public record OnceAnswer(UUID runId, String outcome, Outcome followUp) {}
