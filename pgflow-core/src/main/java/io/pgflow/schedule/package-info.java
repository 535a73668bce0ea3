/**
 * Runs that start by themselves, again and again: by a cron expression in a time zone, or each period. Got from
 * {@code executor.schedules()}.
 *
 * <p>Each tick of a schedule starts one run, however many processes there are; the database's clock says when it is time. Everything that a
 * person does to a schedule is kept with who asked and why.
 */
@NullMarked
@MayUse({"audit", "internal.json", "internal.schedule", "internal.store", "internal.upkeep", "state", "workflow"})
package io.pgflow.schedule;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
