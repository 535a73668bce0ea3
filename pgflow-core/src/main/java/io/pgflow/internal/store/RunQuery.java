package io.pgflow.internal.store;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Which runs to list: every part that is null does not matter; {@code labels} is JSON text; newest first, after {@code before}. */
public record RunQuery(
        @Nullable String workflow,
        @Nullable List<String> states,
        @Nullable String labels,
        @Nullable UUID before,
        int limit) {}
