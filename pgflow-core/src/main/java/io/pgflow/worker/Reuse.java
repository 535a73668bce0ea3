package io.pgflow.worker;

import io.pgflow.DatabaseException;
import io.pgflow.internal.store.CacheStore;
import io.pgflow.internal.store.CachedTask;
import io.pgflow.internal.store.Outcome;
import io.pgflow.internal.store.Reused;
import io.pgflow.internal.store.TaskId;
import io.pgflow.internal.store.TaskStore;
import io.pgflow.internal.upkeep.Consequences;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tasks whose outputs may be known already. After a claim it asks for all of them in one call; those that are known succeed without a
 * handler. Of the others it remembers the keys, and keeps their outputs when they have been reported.
 *
 * <p>Two tasks with one key that are claimed at once both run: nobody waits for anybody.
 */
final class Reuse {

    private static final Logger log = LoggerFactory.getLogger(Reuse.class);

    private final CacheStore store;
    private final TaskStore tasks;
    private final Consequences consequences;
    private final Map<TaskId, CachedTask> unknown = new ConcurrentHashMap<>();

    Reuse(CacheStore store, TaskStore tasks, Consequences consequences) {
        this.store = store;
        this.tasks = tasks;
        this.consequences = consequences;
    }

    /** Those of the attempts that must run. When this throws, the caller holds tasks of which it does not know how they stand. */
    List<Attempt> mustRun(long workerId, List<Attempt> attempts) {
        if (attempts.stream().noneMatch(Attempt::mayBeCached)) {
            return attempts;
        }
        var shared = new SharedInputs(tasks);
        List<CachedTask> asked = attempts.stream()
                .flatMap(attempt -> keyed(attempt, shared).stream())
                .toList();
        if (asked.isEmpty()) {
            return attempts;
        }
        Reused reused = reused(workerId, asked);
        if (!reused.positions().isEmpty()) {
            consequences.follow(reused.outcome());
        }
        for (int i = 0; i < asked.size(); i++) {
            if (!reused.positions().contains(i)) {
                unknown.put(asked.get(i).task(), asked.get(i));
            }
        }
        List<TaskId> known =
                reused.positions().stream().map(i -> asked.get(i).task()).toList();
        return attempts.stream()
                .filter(attempt -> !known.contains(attempt.id()))
                .toList();
    }

    /** A task whose key cannot be made runs. */
    private static Optional<CachedTask> keyed(Attempt attempt, SharedInputs shared) {
        try {
            return attempt.cached(shared);
        } catch (RuntimeException e) {
            if (e instanceof DatabaseException database && database.isTransient()) {
                throw e;
            }
            log.warn("{} runs though its output may be known: {}", attempt.id(), e.getMessage());
            return Optional.empty();
        }
    }

    /** A database that refuses has changed nothing: then all of them run. */
    private Reused reused(long workerId, List<CachedTask> asked) {
        try {
            return store.reuse(workerId, asked);
        } catch (DatabaseException e) {
            if (e.isTransient()) {
                throw e;
            }
            log.warn("{} tasks run though their outputs may be known: {}", asked.size(), e.getMessage());
            return new Reused(Set.of(), Outcome.NOTHING);
        }
    }

    /** Whether the outputs of any tasks are to be kept when they have succeeded; of most they are not. */
    boolean awaitsOutputs() {
        return !unknown.isEmpty();
    }

    /** These have succeeded. A cache that cannot be written costs a run of the handler later, and nothing else. */
    void succeeded(List<TaskId> tasks) {
        List<CachedTask> toKeep =
                tasks.stream().map(unknown::remove).filter(Objects::nonNull).toList();
        if (!toKeep.isEmpty()) {
            try {
                store.keep(toKeep);
            } catch (DatabaseException e) {
                log.info("{} outputs are not cached: {}", toKeep.size(), e.getMessage());
            }
        }
    }

    /** Nothing is to be kept of it. */
    void forget(TaskId task) {
        if (awaitsOutputs()) {
            unknown.remove(task);
        }
    }
}
