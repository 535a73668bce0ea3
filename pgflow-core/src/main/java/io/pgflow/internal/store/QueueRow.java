package io.pgflow.internal.store;

import java.util.OptionalInt;

/** How a queue stands: a row of queue_loads. */
public record QueueRow(
        String queue, boolean paused, OptionalInt limit, long waiting, long setAside, long atGate, long running) {}
