package io.pgflow.internal.store;

/** How a limit stands: a row of limits_in_use. */
public record LimitRow(String kind, String key, long limit, long used, long waiting) {}
