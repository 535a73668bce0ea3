package io.pgflow.benchmarks.contender;

import com.github.kagkarlsson.scheduler.event.AbstractSchedulerListener;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;

/** Counts executions; db-scheduler tells of one after its row has gone, or should have. */
final class DbSchedulerCounting extends AbstractSchedulerListener {

    private final Tally tally;

    DbSchedulerCounting(Tally tally) {
        this.tally = tally;
    }

    @Override
    public void onExecutionComplete(ExecutionComplete complete) {
        if (complete.getResult() == ExecutionComplete.Result.OK) {
            tally.done();
        } else {
            tally.failed();
        }
    }

    @Override
    public void onSchedulerEvent(SchedulerEventType type) {
        if (type == SchedulerEventType.COMPLETIONHANDLER_ERROR) {
            tally.failed();
        }
    }
}
