package io.pgflow.internal.store;

import org.jspecify.annotations.Nullable;

/** A row of why_not_running. */
public record WaitRow(String code, String reason, @Nullable String detail) {}
