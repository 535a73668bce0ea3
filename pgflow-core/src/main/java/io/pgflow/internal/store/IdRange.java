package io.pgflow.internal.store;

/** Ids from {@code first} to {@code last}, both included. */
public record IdRange(long first, long last) {}
