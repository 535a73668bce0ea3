package io.pgflow.worker;

import static java.util.Objects.requireNonNull;

import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.TaskStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The versions of workflows that this process has met. They never change, so each is read once. */
final class KnownWorkflows {

    private final TaskStore store;
    private final Map<Long, KnownWorkflow> byId = new ConcurrentHashMap<>();

    KnownWorkflows(TaskStore store) {
        this.store = store;
    }

    /** Reads the definition at first; throws {@link io.pgflow.DatabaseException} when that fails. */
    KnownWorkflow get(long workflowId) {
        return byId.computeIfAbsent(workflowId, this::read);
    }

    private KnownWorkflow read(long workflowId) {
        String json = store.definition(workflowId);
        return KnownWorkflow.of(json, stepNames(json));
    }

    /** The text passed the check of a definition, so its steps are objects with names. */
    private static List<String> stepNames(String json) {
        var definition = (Map<?, ?>) requireNonNull(Json.tree(json, "a stored definition"));
        var steps = (List<?>) requireNonNull(definition.get("steps"));
        return steps.stream()
                .map(step -> (String) requireNonNull(((Map<?, ?>) step).get("name")))
                .toList();
    }
}
