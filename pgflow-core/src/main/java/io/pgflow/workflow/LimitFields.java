package io.pgflow.workflow;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The limits of a step in JSON, read and written. */
final class LimitFields {

    private static final Set<String> CONCURRENCY = Set.of("limit", "name", "by");
    private static final Set<String> RATE = Set.of("limit", "per", "name", "by", "weight");
    private static final Set<String> PART = Set.of(InputTemplate.FROM, InputTemplate.POINTER);

    private LimitFields() {}

    static FlowLimits read(JsonFields step) {
        return new FlowLimits(
                all(step, "concurrency", CONCURRENCY, LimitFields::concurrency),
                all(step, "rate", RATE, LimitFields::rate),
                part(step, "fairBy"));
    }

    static void write(FlowLimits limits, Map<String, @Nullable Object> json) {
        if (!limits.concurrency().isEmpty()) {
            json.put(
                    "concurrency",
                    limits.concurrency().stream().map(LimitFields::tree).toList());
        }
        if (!limits.rate().isEmpty()) {
            json.put("rate", limits.rate().stream().map(LimitFields::tree).toList());
        }
        limits.fairBy().ifPresent(by -> json.put("fairBy", tree(by)));
    }

    private static <T> List<T> all(JsonFields step, String field, Set<String> known, Function<JsonFields, T> read) {
        var all = new ArrayList<T>();
        step.objects(field, known).forEach(one -> all.add(read.apply(one)));
        return all;
    }

    private static Concurrency concurrency(JsonFields fields) {
        fields.required("limit");
        return new Concurrency(fields.integer("limit").orElse(1), fields.text("name"), part(fields, "by"));
    }

    private static Rate rate(JsonFields fields) {
        fields.required("limit");
        fields.required("per");
        return new Rate(
                fields.whole("limit").orElse(1L),
                fields.duration("per").orElse(Duration.ofMinutes(1)),
                fields.text("name"),
                part(fields, "by"),
                part(fields, "weight"));
    }

    private static Optional<Part> part(JsonFields fields, String field) {
        return fields.object(field, PART)
                .map(part -> new Part(
                        part.requiredText(InputTemplate.FROM),
                        part.text(InputTemplate.POINTER).orElse("")));
    }

    private static Map<String, Object> tree(Concurrency one) {
        var json = new LinkedHashMap<String, Object>();
        json.put("limit", one.limit());
        one.name().ifPresent(name -> json.put("name", name));
        one.by().ifPresent(by -> json.put("by", tree(by)));
        return json;
    }

    private static Map<String, Object> tree(Rate one) {
        var json = new LinkedHashMap<String, Object>();
        json.put("limit", one.limit());
        json.put("per", one.per().toString());
        one.name().ifPresent(name -> json.put("name", name));
        one.by().ifPresent(by -> json.put("by", tree(by)));
        one.weight().ifPresent(weight -> json.put("weight", tree(weight)));
        return json;
    }

    private static Map<String, Object> tree(Part part) {
        var json = new LinkedHashMap<String, Object>();
        json.put(InputTemplate.FROM, part.from());
        if (!part.pointer().isEmpty()) {
            json.put(InputTemplate.POINTER, part.pointer());
        }
        return json;
    }
}
