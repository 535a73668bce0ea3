package io.pgflow.testing;

import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.WorkflowDefinition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A workflow in one line of text: {@code root -> left, right; left, right -> join}.
 *
 * <p>A semicolon ends a clause; every name left of an arrow is a dependency of every name right of it; arrows may follow each
 * other. A star makes a map step over the first name left of its arrow: {@code list -> each* -> sum}, {@code $input -> each*}.
 * Handlers are called {@code <workflow>.<step>}.
 */
public final class FlowText {

    private final Map<String, Set<String>> parents = new LinkedHashMap<>();
    private final Map<String, String> sources = new LinkedHashMap<>();

    private FlowText() {}

    /** A checked definition. */
    public static WorkflowDefinition workflow(String name, String text) {
        return WorkflowDefinition.of(name, steps(name, text));
    }

    /** The steps alone, unchecked, in the order of their first mention. */
    public static List<StepDefinition> steps(String workflow, String text) {
        FlowText flow = new FlowText();
        Arrays.stream(text.split(";")).forEach(flow::clause);
        List<StepDefinition> steps = new ArrayList<>();
        flow.parents.forEach((name, after) -> steps.add(flow.step(workflow, name, after)));
        return steps;
    }

    private StepDefinition step(String workflow, String name, Set<String> after) {
        Optional<String> source = Optional.ofNullable(sources.get(name));
        List<String> rest =
                after.stream().filter(p -> !source.equals(Optional.of(p))).toList();
        StepDefinition step = StepDefinition.of(name, workflow + "." + name).withAfter(rest);
        return source.map(step::withOver).orElse(step);
    }

    private void clause(String clause) {
        List<String> left = List.of();
        for (String group : clause.split("->")) {
            List<String> right = new ArrayList<>();
            for (String word : group.split(",")) {
                right.add(mention(word.strip(), left));
            }
            left = right;
        }
    }

    private String mention(String word, List<String> left) {
        String name = word.replace("*", "");
        if (name.equals(StepDefinition.RUN_INPUT)) {
            return name;
        }
        parents.computeIfAbsent(name, n -> new LinkedHashSet<>()).addAll(left);
        if (word.endsWith("*") && !left.isEmpty()) {
            sources.put(name, left.get(0));
        }
        return name;
    }
}
