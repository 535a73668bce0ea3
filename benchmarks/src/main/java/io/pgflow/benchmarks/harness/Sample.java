package io.pgflow.benchmarks.harness;

import java.util.Map;

/**
 * What one round of one contender gave.
 *
 * @param round from 1; the one that warmed up is not kept
 */
public record Sample(String workload, String variant, String contender, int round, Map<Metric, Double> values) {}
