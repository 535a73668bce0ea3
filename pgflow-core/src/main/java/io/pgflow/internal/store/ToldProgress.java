package io.pgflow.internal.store;

import org.jspecify.annotations.Nullable;

/**
 * What a handler told: a part of its output, or how far it is.
 *
 * @param fraction of the work that is done, 0 to 1; 0 for a part of the output
 * @param detail JSON text
 * @param chunk JSON text; null for a report of how far it is
 */
public record ToldProgress(
        TaskId task,
        double fraction,
        String message,
        @Nullable String detail,
        @Nullable String chunk) {}
