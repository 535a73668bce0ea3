/**
 * When schedules tick, and which of their ticks start a run.
 *
 * <p>SQL says which schedules are due and by what clock; the ticks are computed here, from that answer alone; SQL applies them if nobody was faster.
 * So any number of processes may compute the same ticks at the same time.
 */
@NullMarked
@MayUse({"internal.store", "internal.upkeep"})
package io.pgflow.internal.schedule;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
