package io.pgflow.internal.store;

import java.time.Duration;
import java.util.Optional;

/**
 * What upkeep has to do.
 *
 * @param timers whether one is due
 * @param workers whether one fell silent, or a lost one still holds tasks
 * @param maps whether ended items wait to be counted
 * @param nextDueIn how long until the next timer, when one waits
 */
public record Due(boolean timers, boolean workers, boolean maps, Optional<Duration> nextDueIn) {}
