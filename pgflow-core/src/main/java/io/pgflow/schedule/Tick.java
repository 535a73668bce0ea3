package io.pgflow.schedule;

import java.time.Instant;

/**
 * The input of runs that are started for a moment: a workflow that takes a tick is scheduled without an input of its own.
 *
 * @param schedule the name of the schedule
 * @param at when it ticked, to the second; for a run that a person triggered, when that was
 */
public record Tick(String schedule, Instant at) {}
