/**
 * Turns queued tasks into calls of their handlers.
 *
 * <p>The journey of a task: the {@code Claimer} takes as many tasks as there are free slots, and some that soon will have one,
 * an {@code Attempt} runs one handler, the {@code Completer} reports what has gathered while its last report was on the way.
 * The {@code Heart} says that this process lives and learns which tasks were taken from it. Losing any of it loses no work:
 * PostgreSQL hands the tasks to somebody else.
 */
@NullMarked
@MayUse({"internal.json", "internal.signal", "internal.store", "internal.upkeep", "workflow"})
package io.pgflow.worker;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
