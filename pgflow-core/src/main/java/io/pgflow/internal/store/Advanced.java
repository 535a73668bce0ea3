package io.pgflow.internal.store;

/**
 * What came of advancing schedules.
 *
 * @param schedules how many were advanced; others had been by somebody else
 */
public record Advanced(int schedules, Outcome outcome) {}
