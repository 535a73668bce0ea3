package io.pgflow.workflow;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A value that whoever decides fills in.
 *
 * @param name unique in the form, {@code ^[a-z][a-z0-9_]{0,39}$}
 * @param type text, number, boolean or choice
 * @param required whether it must be filled in, except by who rejects
 * @param choices what may be chosen; only for type choice
 */
public record FormField(String name, String type, boolean required, List<String> choices) {

    public FormField {
        choices = List.copyOf(choices);
    }

    public static FormField text(String name) {
        return new FormField(name, "text", false, List.of());
    }

    public static FormField number(String name) {
        return new FormField(name, "number", false, List.of());
    }

    /** True or false. */
    public static FormField truth(String name) {
        return new FormField(name, "boolean", false, List.of());
    }

    public static FormField choice(String name, String... choices) {
        return new FormField(name, "choice", false, List.of(choices));
    }

    public FormField mustBeFilled() {
        return new FormField(name, type, true, choices);
    }

    Map<String, Object> tree() {
        Map<String, Object> tree = new TreeMap<>(Map.of("name", name, "type", type));
        if (required) {
            tree.put("required", true);
        }
        if (!choices.isEmpty()) {
            tree.put("choices", choices);
        }
        return tree;
    }
}
