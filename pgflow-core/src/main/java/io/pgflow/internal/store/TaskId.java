package io.pgflow.internal.store;

import java.util.UUID;

/** A task under a fence: what a report must name. {@code item} is 0 for a plain step, else the item's number from 1. */
public record TaskId(UUID runId, short step, int item, int fence) {}
