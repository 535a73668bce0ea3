/**
 * What must be done though nobody asked: timers fire, lost workers' tasks are handed on, steps are settled.
 *
 * <p>Where the settings say so, old runs are removed, too ({@code Retention}).
 *
 * <p>Every process does all of it, at any time, beside any other: the functions it calls lock what they touch and pass over
 * what another process is at. There is no coordinator and nothing to elect.
 */
@NullMarked
@MayUse({"internal.signal", "internal.store", "state"})
package io.pgflow.internal.upkeep;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
