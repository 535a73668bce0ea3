package io.pgflow.workflow;

import io.pgflow.internal.json.Json;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The fields of one object of a definition in JSON. What is not of the expected kind is reported and taken as absent. */
final class JsonFields {

    private final Map<?, ?> fields;
    private final Place place;
    private final List<Problem> problems;

    private JsonFields(Map<?, ?> fields, Place place, List<Problem> problems) {
        this.fields = fields;
        this.place = place;
        this.problems = problems;
    }

    static JsonFields of(@Nullable Object tree, Place place, Set<String> known, List<Problem> problems) {
        if (!(tree instanceof Map<?, ?> map)) {
            problems.add(ProblemCode.WRONG_KIND.at(place.pointer(), "expected an object, found " + kind(tree)));
            return new JsonFields(Map.of(), place, new ArrayList<>());
        }
        for (Object field : map.keySet()) {
            if (!known.contains(field)) {
                problems.add(new Problem(
                        ProblemCode.UNKNOWN_FIELD.code(),
                        place.field(String.valueOf(field)).pointer(),
                        "there is no field \"" + field + "\"",
                        DidYouMean.question(String.valueOf(field), known)));
            }
        }
        return new JsonFields(map, place, problems);
    }

    String requiredText(String field) {
        present(field);
        return text(field).orElse("");
    }

    List<?> requiredList(String field) {
        present(field);
        return list(field, "a list");
    }

    void required(String field) {
        present(field);
    }

    /** An object, with these fields and no others. */
    Optional<JsonFields> object(String field, Set<String> known) {
        return fields.containsKey(field)
                ? Optional.of(JsonFields.of(fields.get(field), place.field(field), known, problems))
                : Optional.empty();
    }

    /** A list of objects, with these fields and no others. */
    List<JsonFields> objects(String field, Set<String> known) {
        List<JsonFields> objects = new ArrayList<>();
        List<?> values = list(field, "a list of objects");
        for (int i = 0; i < values.size(); i++) {
            objects.add(JsonFields.of(values.get(i), place.field(field).index(i), known, problems));
        }
        return objects;
    }

    Optional<Long> whole(String field) {
        return decimal(field).flatMap(number -> {
            try {
                return Optional.of(number.longValueExact());
            } catch (ArithmeticException e) {
                problems.add(ProblemCode.BAD_NUMBER.at(
                        place.field(field).pointer(), number + " is no whole number in range"));
                return Optional.empty();
            }
        });
    }

    Optional<String> text(String field) {
        return expect(field, String.class, "a text");
    }

    Optional<Boolean> truth(String field) {
        return expect(field, Boolean.class, "true or false");
    }

    /** One of the values, by its word. */
    <T> Optional<T> word(String field, T[] values, Function<T, String> word) {
        Optional<String> text = text(field);
        Optional<T> found = text.flatMap(given -> Arrays.stream(values)
                .filter(value -> word.apply(value).equals(given))
                .findFirst());
        if (text.isPresent() && found.isEmpty()) {
            List<String> words = Arrays.stream(values).map(word).toList();
            problems.add(new Problem(
                    ProblemCode.WRONG_KIND.code(),
                    place.field(field).pointer(),
                    "\"" + text.get() + "\" is none of " + String.join(", ", words),
                    DidYouMean.question(text.get(), words)));
        }
        return found;
    }

    /** Reports the second field if it stands without the first. */
    void onlyWith(String field, String dependent) {
        if (fields.containsKey(dependent) && !fields.containsKey(field)) {
            problems.add(ProblemCode.MISPLACED_OPTION.at(
                    place.field(dependent).pointer(),
                    "\"" + dependent + "\" belongs to \"" + field + "\", which is not there"));
        }
    }

    /** Which of these fields is there; the first one when none is. More than one is a problem. */
    String oneOf(List<String> names) {
        List<String> there = names.stream().filter(fields::containsKey).toList();
        for (String name : there.stream().skip(1).toList()) {
            problems.add(ProblemCode.MISPLACED_OPTION.at(
                    place.field(name).pointer(),
                    "a step has one of " + String.join(", ", names) + ", and this one has \"" + there.get(0) + "\""));
        }
        return there.isEmpty() ? names.get(0) : there.get(0);
    }

    /** Reports the field, if it is there. */
    void not(String field, String why) {
        if (fields.containsKey(field)) {
            problems.add(ProblemCode.MISPLACED_OPTION.at(place.field(field).pointer(), "this step " + why));
        }
    }

    /** A value of any kind, null included, as JSON text. */
    Optional<String> json(String field) {
        return fields.containsKey(field) ? Optional.of(Json.writeTree(fields.get(field))) : Optional.empty();
    }

    List<String> texts(String field) {
        List<String> texts = new ArrayList<>();
        List<?> values = list(field, "a list of step names");
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i) instanceof String text) {
                texts.add(text);
            } else {
                wrongKind(place.field(field).index(i), "a text", values.get(i));
                texts.add("");
            }
        }
        return texts;
    }

    Optional<Integer> integer(String field) {
        Optional<BigDecimal> number = decimal(field);
        if (number.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(number.get().intValueExact());
        } catch (ArithmeticException e) {
            problems.add(ProblemCode.BAD_NUMBER.at(
                    place.field(field).pointer(), number.get() + " is no whole number in range"));
            return Optional.empty();
        }
    }

    Optional<Double> number(String field) {
        return decimal(field).map(BigDecimal::doubleValue);
    }

    Optional<Duration> duration(String field) {
        Optional<String> text = expect(field, String.class, "a duration such as \"PT30S\"");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Duration.parse(text.get()));
        } catch (DateTimeException e) {
            problems.add(ProblemCode.BAD_DURATION.at(
                    place.field(field).pointer(),
                    "\"" + text.get() + "\" is no ISO-8601 duration",
                    "write 30 seconds as \"PT30S\", 5 minutes as \"PT5M\", 2 hours as \"PT2H\", 3 days as \"P3D\""));
            return Optional.empty();
        }
    }

    private Optional<BigDecimal> decimal(String field) {
        return expect(field, Number.class, "a number").map(number -> new BigDecimal(number.toString()));
    }

    private List<?> list(String field, String expected) {
        return expect(field, List.class, expected).<List<?>>map(list -> list).orElse(List.of());
    }

    private <T> Optional<T> expect(String field, Class<T> type, String expected) {
        Object value = fields.get(field);
        if (type.isInstance(value)) {
            return Optional.of(type.cast(value));
        }
        if (fields.containsKey(field)) {
            wrongKind(place.field(field), expected, value);
        }
        return Optional.empty();
    }

    private void present(String field) {
        if (!fields.containsKey(field)) {
            problems.add(ProblemCode.MISSING_FIELD.at(
                    place.field(field).pointer(), "the field \"" + field + "\" is missing"));
        }
    }

    private void wrongKind(Place at, String expected, @Nullable Object value) {
        String message = "expected " + expected + ", found " + kind(value);
        if (value == null) {
            problems.add(ProblemCode.WRONG_KIND.at(at.pointer(), message, "leave the field out for its default"));
        } else {
            problems.add(ProblemCode.WRONG_KIND.at(at.pointer(), message));
        }
    }

    private static String kind(@Nullable Object value) {
        if (value == null) {
            return "null";
        } else if (value instanceof Map) {
            return "an object";
        } else if (value instanceof List) {
            return "a list";
        } else if (value instanceof String) {
            return "a text";
        } else {
            return value instanceof Boolean ? "a boolean" : "a number";
        }
    }
}
