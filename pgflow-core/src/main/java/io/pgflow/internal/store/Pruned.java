package io.pgflow.internal.store;

import java.time.Duration;

/**
 * What came of removing old runs.
 *
 * @param runs how many were removed
 * @param nextIn how long until it is time for the next batch
 */
public record Pruned(int runs, Duration nextIn) {}
