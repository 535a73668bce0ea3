package io.pgflow.internal.store;

import org.jspecify.annotations.Nullable;

/** A row of plan_move; without a step for what concerns the run as a whole. */
public record MoveRow(
        @Nullable String step, String fate, @Nullable String reason) {}
