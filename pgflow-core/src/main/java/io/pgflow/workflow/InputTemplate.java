package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes a step's input out of the run's input, the outputs of its dependencies and its item. */
final class InputTemplate {

    static final String ITEM = "$item";
    static final String FROM = "$from";
    static final String POINTER = "pointer";

    private static final Set<String> FIELDS = Set.of(FROM, POINTER);

    private final TaskInput in;

    private InputTemplate(TaskInput in) {
        this.in = in;
    }

    /** The JSON text that a registered handler reads. */
    static String inputOf(TaskInput in) {
        Optional<String> template = in.definition().input();
        return template.isPresent()
                ? Json.writeTree(new InputTemplate(in).filled(Json.tree(template.get(), "the input template")))
                : withoutTemplate(in);
    }

    /** The JSON text that a template gives for a task. */
    static String filled(String template, TaskInput in) {
        return Json.writeTree(new InputTemplate(in).filled(Json.tree(template, "the template")));
    }

    /** Whether this part of a template is meant as a reference, well formed or not. */
    static boolean isReference(Map<?, ?> object) {
        return object.containsKey(FROM);
    }

    /** What is wrong with the form of a reference, if anything. */
    static Optional<String> malformed(Map<?, ?> reference) {
        Object pointer = reference.get(POINTER);
        if (!FIELDS.containsAll(reference.keySet())) {
            return Optional.of("a reference has only \"$from\" and \"pointer\"");
        }
        if (!(reference.get(FROM) instanceof String)) {
            return Optional.of("\"$from\" is the name of a step, \"$input\" or \"$item\"");
        }
        boolean wellFormed = !reference.containsKey(POINTER) || isPointer(pointer);
        return wellFormed ? Optional.empty() : Optional.of("\"pointer\" is a JSON Pointer such as \"/items/0\"");
    }

    static boolean isPointer(@Nullable Object value) {
        return value instanceof String text && (text.isEmpty() || text.startsWith("/"));
    }

    /** No tree where nobody looks inside: texts are passed on as they are. */
    private static String withoutTemplate(TaskInput in) {
        if (in.item().isPresent()) {
            return in.item().get();
        }
        List<String> dependencies = in.definition().dependencies();
        return switch (dependencies.size()) {
            case 0 -> in.runInput();
            case 1 -> in.output(dependencies.get(0));
            default ->
                dependencies.stream()
                        .map(step -> "\"" + step + "\":" + in.output(step))
                        .collect(Collectors.joining(",", "{", "}"));
        };
    }

    private @Nullable Object filled(@Nullable Object part) {
        if (part instanceof Map<?, ?> object) {
            if (isReference(object)) {
                return value(object);
            }
            Map<Object, @Nullable Object> filled = new LinkedHashMap<>();
            object.forEach((key, value) -> filled.put(key, filled(value)));
            return filled;
        }
        if (part instanceof List<?> list) {
            List<@Nullable Object> filled = new ArrayList<>();
            list.forEach(value -> filled.add(filled(value)));
            return filled;
        }
        return part;
    }

    private @Nullable Object value(Map<?, ?> reference) {
        String from = String.valueOf(reference.get(FROM));
        @Nullable Object at = Json.tree(source(from), "\"" + from + "\"");
        String pointer = reference.get(POINTER) instanceof String text ? text : "";
        if (!pointer.isEmpty()) {
            for (String token : pointer.substring(1).split("/", -1)) {
                at = child(at, token.replace("~1", "/").replace("~0", "~"), from, pointer);
            }
        }
        return at;
    }

    private @Nullable Object child(@Nullable Object parent, String token, String from, String pointer) {
        if (parent instanceof Map<?, ?> object && object.containsKey(token)) {
            return object.get(token);
        }
        if (parent instanceof List<?> list && token.matches("0|[1-9][0-9]{0,8}")) {
            int index = Integer.parseInt(token);
            if (index < list.size()) {
                return list.get(index);
            }
        }
        throw new InvalidPayloadException(
                InvalidPayloadException.NOT_FOUND,
                "the input of step \"" + in.context().step() + "\" of workflow \""
                        + in.context().workflow()
                        + "\" cannot be made: \"" + from + "\" has nothing at " + pointer + "; there is no \"" + token
                        + "\"; correct the pointer, or what \"" + from + "\" gives");
    }

    private String source(String from) {
        return switch (from) {
            case StepDefinition.RUN_INPUT -> in.runInput();
            case ITEM -> in.item().orElse("null");
            default -> in.output(from);
        };
    }
}
