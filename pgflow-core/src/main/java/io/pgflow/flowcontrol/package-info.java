/**
 * Flow control across all processes: what is paused.
 *
 * <p>Rules live in the database and hold for every process at once, also for those that start later. Who set and who lifted one,
 * when and why, is kept for good.
 */
@NullMarked
@MayUse({"internal.signal", "internal.store", "internal.upkeep"})
package io.pgflow.flowcontrol;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
