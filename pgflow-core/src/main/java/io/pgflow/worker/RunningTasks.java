package io.pgflow.worker;

import io.pgflow.internal.store.TaskId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The tasks that this process holds: claimed, and not yet reported to the end. */
final class RunningTasks {

    private final Map<TaskId, Attempt> attempts = new ConcurrentHashMap<>();

    void add(Attempt attempt) {
        attempts.put(attempt.id(), attempt);
    }

    /** What was held under that name; null when it was taken away before. */
    @Nullable
    Attempt remove(TaskId task) {
        return attempts.remove(task);
    }

    /** How many tasks of a queue are held. */
    int of(String queue) {
        return (int) attempts.values().stream()
                .filter(attempt -> attempt.queue().equals(queue))
                .count();
    }

    /** A snapshot, for a call that answers by position. */
    List<Attempt> list() {
        return List.copyOf(attempts.values());
    }

    int size() {
        return attempts.size();
    }

    static List<TaskId> ids(List<Attempt> attempts) {
        return attempts.stream().map(Attempt::id).toList();
    }
}
