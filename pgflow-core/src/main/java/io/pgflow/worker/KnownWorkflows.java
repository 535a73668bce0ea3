package io.pgflow.worker;

import static java.util.Objects.requireNonNull;

import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.Recent;
import io.pgflow.internal.store.TaskStore;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The versions of workflows that this process has met lately. They never change, so each is read once, and again only after
 * many others were needed: a program may make workflows without end, and large ones.
 */
final class KnownWorkflows {

    private final TaskStore store;
    private final Recent<Long, KnownWorkflow> byId = Recent.ofDefinitions();

    KnownWorkflows(TaskStore store) {
        this.store = store;
    }

    /** Reads the definition at first; throws {@link io.pgflow.DatabaseException} when that fails. */
    KnownWorkflow get(long workflowId) {
        @Nullable KnownWorkflow known = byId.get(workflowId);
        if (known == null) {
            String json = store.definition(workflowId);
            known = KnownWorkflow.of(json, stepNames(json));
            byId.put(workflowId, known, json.length());
        }
        return known;
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
