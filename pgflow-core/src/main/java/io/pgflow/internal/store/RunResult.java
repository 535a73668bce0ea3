package io.pgflow.internal.store;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** How a run ended; output and error are JSON text. */
public record RunResult(
        UUID runId,
        String state,
        @Nullable String output,
        @Nullable String error) {}
