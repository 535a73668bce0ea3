package io.pgflow.testkit;

import io.pgflow.workflow.TaskContext;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/**
 * Takes a task away from the worker that is at it, so that it is delivered once more, under another fence. The worker does not hear of
 * it: what it reports is late.
 */
final class Redelivery {

    private static final String TAKE_AWAY = """
            select r.released
            from pgflow.tasks t
            join pgflow.steps s on s.workflow_id = t.workflow_id and s.step = t.step
            cross join lateral pgflow.release_tasks(
                t.worker_id, array[t.run_id], array[t.step], array[t.item], array[t.fence]) r
            where t.run_id = ? and s.name = ? and t.item = ? and t.worker_id is not null
            """;

    private final Questions questions;
    private final Supplier<Instant> now;
    private final Runnable look;

    Redelivery(Questions questions, Supplier<Instant> now, Runnable look) {
        this.questions = questions;
        this.now = now;
        this.look = look;
    }

    /** Does nothing when somebody else has taken it away, since it is delivered again then, too. */
    void of(TaskContext task) {
        int item = task.itemIndex().isPresent() ? task.itemIndex().getAsInt() + 1 : 0;
        List<Integer> taken =
                questions.ask(now.get(), row -> row.getInt(1), TAKE_AWAY, task.runId(), task.step(), item);
        if (taken.stream().anyMatch(released -> released == 0)) {
            throw new IllegalStateException("step " + task.step() + " could not be taken away from its worker");
        }
        look.run();
    }
}
