package io.pgflow.workflow;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Draws a definition. Nodes are numbered, because a step may be called {@code end}, which Mermaid reserves. */
final class Mermaid {

    private Mermaid() {}

    static String of(WorkflowDefinition definition) {
        Map<String, String> ids = new HashMap<>();
        StringBuilder out = new StringBuilder("flowchart TD\n");
        if (definition.steps().stream()
                .anyMatch(step -> step.over()
                        .filter(source -> source.startsWith(StepDefinition.RUN_INPUT))
                        .isPresent())) {
            ids.put(StepDefinition.RUN_INPUT, "input");
            out.append("    input([\"input\"])\n");
        }
        List<StepDefinition> steps = definition.steps();
        for (int i = 0; i < steps.size(); i++) {
            ids.put(steps.get(i).name(), "s" + (i + 1));
            out.append("    s").append(i + 1).append(shape(steps.get(i))).append('\n');
        }
        steps.forEach(step -> edges(step, ids, out));
        return out.toString();
    }

    private static String shape(StepDefinition step) {
        String name = "\"" + step.name() + "\"";
        if (!(step.action() instanceof Action.Work)) {
            return "([" + name + "])";
        }
        return step.isMap() ? "[[" + name + "]]" : "[" + name + "]";
    }

    private static void edges(StepDefinition step, Map<String, String> ids, StringBuilder out) {
        String id = ids.get(step.name());
        step.over()
                .map(source -> source.startsWith(StepDefinition.RUN_INPUT) ? StepDefinition.RUN_INPUT : source)
                .ifPresent(source -> out.append("    " + ids.get(source) + " -->|each| " + id)
                        .append('\n'));
        step.after()
                .forEach(parent ->
                        out.append("    " + ids.get(parent) + " --> " + id).append('\n'));
    }
}
