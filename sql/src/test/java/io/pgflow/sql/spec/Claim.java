package io.pgflow.sql.spec;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A task that a worker holds, as {@code claim_tasks} gave it; {@code step} is the number of the step, {@code name} its name. */
record Claim(
        UUID runId,
        int step,
        int item,
        int fence,
        int attempt,
        @Nullable String input,
        @Nullable String outputs,
        String name) {}
