package io.pgflow.internal.store;

/** What the library wants to know of a database before it works with it; {@code serverVersion} such as 170011. */
public record ServerFacts(int serverVersion, int schemaVersion, String pgmqVersion, boolean inRecovery) {}
