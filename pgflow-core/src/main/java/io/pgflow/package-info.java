/**
 * The door of pgflow: what every program sees first, and the one family of its exceptions.
 *
 * <p>Packages below use nothing from here but the exceptions and the settings; {@link io.pgflow.Pgflow} wires them all.
 */
@NullMarked
@MayUse({
    "approval",
    "cache",
    "deferred",
    "event",
    "executor",
    "flowcontrol",
    "internal.schedule",
    "internal.signal",
    "internal.store",
    "internal.upkeep",
    "schedule",
    "service",
    "operation",
    "progress",
    "state",
    "worker",
    "workflow"
})
package io.pgflow;

import io.pgflow.internal.arch.MayUse;
import org.jspecify.annotations.NullMarked;
