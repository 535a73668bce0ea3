package io.pgflow.executor;

import io.pgflow.approval.Approvals;
import io.pgflow.cache.OutputCache;
import io.pgflow.deferred.DeferredTasks;
import io.pgflow.flowcontrol.FlowControl;
import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.operation.Operations;
import io.pgflow.progress.Progress;
import io.pgflow.schedule.Schedules;

/** What an executor hands out for areas of their own; for {@code Pgflow}, which makes them all. */
public record Facets(
        Approvals approvals,
        DeferredTasks deferred,
        FlowControl flowControl,
        Operations operations,
        Progress progress,
        OutputCache outputCache,
        Schedules schedules) {

    /** For {@code Pgflow}. */
    @ModulePrivate
    public Facets {}
}
