package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.Collection;
import java.util.UUID;

/** A task under the fence of one attempt. */
record Task(UUID run, int step, int item, int fence) {
    static Task of(Row row) {
        return new Task(row.uuid("run_id"), row.integer("step"), row.integer("item"), row.integer("fence"));
    }

    /** The same tasks as arrays, in the order of most functions: runs, steps, items, fences. */
    static Object[] arrays(Collection<Task> tasks) {
        return new Object[] {
            tasks.stream().map(Task::run).toArray(UUID[]::new),
            tasks.stream().map(task -> (short) task.step()).toArray(Short[]::new),
            tasks.stream().map(Task::item).toArray(Integer[]::new),
            tasks.stream().map(Task::fence).toArray(Integer[]::new)
        };
    }
}
