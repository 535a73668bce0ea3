/**
 * How the outside finishes tasks that were deferred to it: with the token that a handler gave away.
 *
 * <p>Works in a process that runs no tasks as well. Every call may be sent again: an answer is applied once, and one that comes too
 * late changes nothing and is kept as a trace.
 */
@NullMarked
@MayUse({"internal.json", "internal.store", "internal.upkeep"})
package io.pgflow.deferred;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
