/**
 * What happened, and how to follow it live: every change of state of a task or a run is one event.
 *
 * <p>A subscriber gets every event once, an effect never before its cause. Events come from the database's event table;
 * notifications only make it look sooner.
 */
@NullMarked
@MayUse({"internal.signal", "internal.store", "state"})
package io.pgflow.event;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
