package io.pgflow.sql.simulation;

import io.pgflow.sql.spec.Row;
import java.util.HashMap;
import java.util.Map;

/** Names and handlers of the steps, read once, as a process does that meets a workflow it does not know. */
final class Steps {
    /** A step of a workflow. */
    record Step(String name, String handler) {}

    private final Server server;
    private final Map<String, Step> known = new HashMap<>();

    Steps(Server server) {
        this.server = server;
    }

    Step of(long workflowId, int step) {
        return known.computeIfAbsent(workflowId + " " + step, any -> read(workflowId, step));
    }

    private Step read(long workflowId, int step) {
        Row row = server.read(
                        "select name, handler from pgflow.steps where workflow_id = ? and step = ?", workflowId, step)
                .get(0);
        return new Step(String.valueOf(row.text("name")), String.valueOf(row.text("handler")));
    }
}
