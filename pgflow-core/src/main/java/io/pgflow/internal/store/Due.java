package io.pgflow.internal.store;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * What upkeep has to do, and what the worker that asked with it should know.
 *
 * @param timers whether one is due
 * @param deadlines whether one has passed, or may have
 * @param schedules whether one is to be looked at
 * @param workers whether one fell silent, or a lost one still holds tasks
 * @param unsettled whether ended items wait to be counted, or steps for a decision
 * @param nextDueIn how long until the next timer, deadline or tick, when one waits
 * @param alive false when the worker that asked was declared lost, and when none asked
 * @param workWaits whether a claim of the worker that asked may find something
 * @param gated whether tasks wait at the gate of limited steps
 * @param limitedQueues queues with a limit of tasks at once
 */
public record Due(
        boolean timers,
        boolean deadlines,
        boolean schedules,
        boolean workers,
        boolean unsettled,
        Optional<Duration> nextDueIn,
        boolean alive,
        boolean workWaits,
        boolean gated,
        Set<String> limitedQueues) {}
