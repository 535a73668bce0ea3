package io.pgflow.internal.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A row of progress_page; {@code item} is 0 for a plain step, and {@code chunk} null for a report. */
public record ProgressRow(
        long position,
        Instant at,
        String step,
        int item,
        int attempt,
        int fence,
        boolean replaced,
        double fraction,
        String message,
        @Nullable String detail,
        @Nullable String chunk) {}
