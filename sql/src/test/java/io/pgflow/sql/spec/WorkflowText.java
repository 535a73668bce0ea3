package io.pgflow.sql.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A workflow as one line: {@code "root -> left, right; left, right -> join"}.
 *
 * <p>Steps stand in the order in which they are first named. {@code name*} is a map step, over the one step it comes after, or over the
 * input of the run. Options stand in parentheses where a step is first named: {@code root(maxAttempts 1, retryDelay PT2S)}.
 */
final class WorkflowText {
    private static final Pattern STEP = Pattern.compile("([a-z][a-z0-9_]*)(\\*?)(?:\\(([^)]*)\\))?");

    private final Map<String, Set<String>> parents = new LinkedHashMap<>();
    private final Map<String, String> options = new LinkedHashMap<>();
    private final Set<String> maps = new LinkedHashSet<>();

    private WorkflowText(String text) {
        for (String chain : text.split(";")) {
            List<String> before = List.of();
            for (String group : chain.split("->")) {
                List<String> steps = steps(group);
                for (String step : steps) {
                    parents.computeIfAbsent(step, any -> new LinkedHashSet<>()).addAll(before);
                }
                before = steps;
            }
        }
    }

    /** The definition, in the JSON that {@code define_workflow} takes; each handler is named {@code <workflow>.<step>}. */
    static String definition(String name, String text) {
        WorkflowText workflow = new WorkflowText(text);
        String steps = workflow.parents.keySet().stream()
                .map(step -> workflow.step(name, step))
                .collect(Collectors.joining(", "));
        return "{\"name\": \"" + name + "\", \"steps\": [" + steps + "]}";
    }

    /** The definition with more fields for one of its steps. */
    static String with(String definition, String step, String fields) {
        String name = "{\"name\": \"" + step + "\"";
        if (!definition.contains(name)) {
            throw new IllegalArgumentException("there is no step " + step + " in " + definition);
        }
        return definition.replace(name, name + ", " + fields);
    }

    private String step(String workflow, String step) {
        Set<String> after = parents.getOrDefault(step, Set.of());
        List<String> fields = new ArrayList<>();
        fields.add("\"name\": \"" + step + "\"");
        fields.add("\"handler\": \"" + workflow + "." + step + "\"");
        if (maps.contains(step)) {
            fields.add("\"over\": \"" + after.stream().findFirst().orElse("$input") + "\"");
        }
        if (!after.isEmpty()) {
            fields.add("\"after\": [\"" + String.join("\", \"", after) + "\"]");
        }
        String chosen = options.getOrDefault(step, "");
        if (!chosen.isEmpty()) {
            fields.add(chosen);
        }
        return "{" + String.join(", ", fields) + "}";
    }

    private List<String> steps(String group) {
        List<String> found = new ArrayList<>();
        Matcher step = STEP.matcher(group);
        while (step.find()) {
            String name = step.group(1);
            parents.computeIfAbsent(name, any -> new LinkedHashSet<>());
            if (step.group(2).equals("*")) {
                maps.add(name);
            }
            if (step.group(3) != null) {
                options.put(name, options(step.group(3)));
            }
            found.add(name);
        }
        return found;
    }

    private static String options(String text) {
        List<String> fields = new ArrayList<>();
        for (String option : text.split(",")) {
            String[] words = option.strip().split(" ");
            String value = words[1].matches("[0-9.]+") ? words[1] : "\"" + words[1] + "\"";
            fields.add("\"" + words[0] + "\": " + value);
        }
        return String.join(", ", fields);
    }
}
