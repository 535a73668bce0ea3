package io.pgflow.worker;

import io.pgflow.internal.store.TaskId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The tasks that this process holds: claimed, and not yet reported to the end. */
final class RunningTasks {

    private final Map<TaskId, Attempt> attempts = new ConcurrentHashMap<>();

    void add(Attempt attempt) {
        attempts.put(attempt.id(), attempt);
    }

    void remove(TaskId task) {
        attempts.remove(task);
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
