/**
 * Starts runs, waits for them, looks at them and ends them; works in a process that runs no tasks as well.
 *
 * <p>Concurrent starts of one process travel together ({@code Starter}); waiting is one question to the database for all
 * runs that are waited for ({@code RunWatch}).
 */
@NullMarked
@MayUse({
    "approval",
    "audit",
    "internal.json",
    "internal.signal",
    "internal.store",
    "internal.upkeep",
    "cache",
    "deferred",
    "event",
    "flowcontrol",
    "schedule",
    "service",
    "operation",
    "progress",
    "state",
    "workflow"
})
package io.pgflow.executor;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
