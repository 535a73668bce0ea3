package io.pgflow.schedule;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * How does a schedule stand? As it was when it was read.
 *
 * @param workflow its runs are of the newest version of the workflow of that name
 * @param inputJson the input of each run; empty when that is the {@link Tick}
 * @param options as it was defined; without its note, which is in the history
 * @param nextTick when it ticks next; empty while it is paused
 * @param lastTick the newest tick that started a run
 * @param lastRun the newest run that it started, or that a person did by it
 */
public record ScheduleSnapshot(
        String name,
        String workflow,
        Optional<String> inputJson,
        Timing timing,
        ScheduleOptions options,
        boolean paused,
        Optional<Instant> nextTick,
        Optional<Instant> lastTick,
        Optional<UUID> lastRun) {}
