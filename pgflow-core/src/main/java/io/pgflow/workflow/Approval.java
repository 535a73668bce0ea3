package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The step asks people, and waits for their decision without a worker. Its output is a {@link Decision}.
 *
 * <pre>{@code
 * Approval.question("May this be paid?")
 *         .shows(output(INVOICE))
 *         .roles("finance").quorum(2).fourEyes()
 *         .within(Duration.ofDays(2))
 *         .escalatesTo(Escalation.toRoles("head").within(Duration.ofDays(1)))
 * }</pre>
 *
 * <p>The last choice is the one that rejects: one person is enough for it, and a deadline that passes takes it. Nothing is ever
 * approved by a deadline. Whoever has one of the roles, or is one of the actors, may decide; anybody may when none is named. That a
 * person has a role is what the application says when it hands in the decision: it must have asked.
 *
 * @param json the JSON form, which {@code docs/defining-workflows.md} describes; checked when a {@link WorkflowDefinition} is made
 */
public record Approval(String json) implements Action {

    public static final String APPROVE = "approve";
    public static final String REJECT = "reject";

    /** Approvals that say the same are one; a malformed one is kept for the check to report. */
    public Approval {
        try {
            Object tree = Json.tree(json, "the approval");
            json = Json.writeTree(tree instanceof Map<?, ?> fields ? sorted(fields) : tree);
        } catch (InvalidPayloadException e) {
            // reported with its place when the definition is checked
        }
    }

    /** What is asked, 1 to 2000 characters; approve or reject, anybody may, one person is enough, without a deadline. */
    public static Approval question(String text) {
        return new Approval(Json.writeTree(Map.of("question", text)));
    }

    /** Data of the run for whoever decides, as it is when the step asks. */
    public Approval shows(Reference data) {
        return with("show", Json.tree(data.json(), "what is shown"));
    }

    /** 2 to 20 choices instead of approve and reject; the last one rejects. */
    public Approval choices(String... choices) {
        return with("choices", List.of(choices));
    }

    /** What is to be filled in, at most 50 fields. */
    public Approval form(FormField... fields) {
        return with("form", Arrays.stream(fields).map(FormField::tree).toList());
    }

    /** Who has one of these roles may decide. */
    public Approval roles(String... roles) {
        return with("roles", List.of(roles));
    }

    /** These people may decide. */
    public Approval actors(String... actors) {
        return with("actors", List.of(actors));
    }

    /** So many different people must make the same choice, 1 to 100; one is enough to reject. */
    public Approval quorum(int people) {
        return with("quorum", people);
    }

    /** Who started the run must not decide. The run needs an actor then, or the step fails ({@code PGF-RUN-015}). */
    public Approval fourEyes() {
        return with("fourEyes", true);
    }

    /** When nobody has decided after this time, others are asked ({@link #escalatesTo}); without others it is rejected. */
    public Approval within(Duration time) {
        return with("within", time.toString());
    }

    /** Who is asked instead, one after the other, when a deadline passes; at most 10. */
    public Approval escalatesTo(Escalation... others) {
        return with("escalate", Arrays.stream(others).map(Escalation::tree).toList());
    }

    /** A rejection fails the step ({@code PGF-RUN-017}), and what follows is said by {@code onFailure}; else it is an output. */
    public Approval rejectionFails() {
        return with("rejectionFails", true);
    }

    private Approval with(String field, @Nullable Object value) {
        Map<String, @Nullable Object> fields = new TreeMap<>();
        if (Json.tree(json, "the approval") instanceof Map<?, ?> known) {
            fields.putAll(sorted(known));
        }
        fields.put(field, value);
        return new Approval(Json.writeTree(fields));
    }

    private static Map<String, @Nullable Object> sorted(Map<?, ?> fields) {
        Map<String, @Nullable Object> sorted = new TreeMap<>();
        fields.forEach((name, value) -> sorted.put(String.valueOf(name), sorted(value)));
        return sorted;
    }

    private static @Nullable Object sorted(@Nullable Object value) {
        if (value instanceof Map<?, ?> fields) {
            return sorted(fields);
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> elements = new ArrayList<>();
            list.forEach(element -> elements.add(sorted(element)));
            return elements;
        }
        return value;
    }
}
