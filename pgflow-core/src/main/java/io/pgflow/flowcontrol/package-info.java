/**
 * Flow control across all processes: what is paused, how much of a queue may be held at once, and how limits stand.
 *
 * <p>Rules live in the database and hold for every process at once, also for those that start later. Who set and who lifted one,
 * when and why, is kept for good.
 */
@NullMarked
@MayUse({"audit", "internal.signal", "internal.store", "internal.upkeep"})
package io.pgflow.flowcontrol;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
