package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds what is wrong with what a step asks people. */
record ApprovalCheck(StepDefinition step, Place.Style style, List<Problem> problems) {

    private static final Set<String> FIELDS = Set.of(
            "question",
            "show",
            "choices",
            "form",
            "roles",
            "actors",
            "quorum",
            "fourEyes",
            "within",
            "escalate",
            "rejectionFails");
    private static final List<String> TYPES = List.of("text", "number", "boolean", "choice");

    void check(Approval approval, Place at) {
        if (step.options().onFailure().fallback().isPresent()) {
            bad(
                    at,
                    "people decide: nothing takes the place of their decision; let a rejection succeed, or skip what follows");
        }
        try {
            if (Json.tree(approval.json(), "the approval") instanceof Map<?, ?> fields) {
                fields(fields, at);
            } else {
                bad(at, "an approval is an object such as {\"question\": \"May this be paid?\"}");
            }
        } catch (InvalidPayloadException e) {
            bad(at, e.reason());
        }
    }

    private void fields(Map<?, ?> fields, Place at) {
        known(fields, FIELDS, at);
        if (!(fields.get("question") instanceof String text) || text.isBlank() || text.length() > 2000) {
            bad(at.field("question"), "a question has 1 to 2000 characters");
        }
        if (fields.containsKey("show")) {
            if (fields.get("show") instanceof Map<?, ?> reference) {
                new ReferenceCheck(step, style, problems).check(reference, at.field("show"));
            } else {
                bad(at.field("show"), "what is shown is {\"$from\": ..., \"pointer\": ...}");
            }
        }
        if (fields.containsKey("choices")) {
            texts(fields.get("choices"), 2, 20, at.field("choices"));
        }
        form(fields.get("form"), fields.containsKey("form"), at.field("form"));
        people(fields, at);
        if (fields.containsKey("quorum")
                && !(fields.get("quorum") instanceof Number people
                        && whole(people)
                        && people.doubleValue() >= 1
                        && people.doubleValue() <= 100)) {
            bad(at.field("quorum"), "a quorum is 1 to 100 people");
        }
        for (String truth : List.of("fourEyes", "rejectionFails")) {
            if (fields.containsKey(truth) && !(fields.get(truth) instanceof Boolean)) {
                bad(at.field(truth), "\"" + truth + "\" is true or false");
            }
        }
        escalations(fields, at);
    }

    private void escalations(Map<?, ?> fields, Place at) {
        if (!fields.containsKey("escalate")) {
            return;
        }
        Place place = at.field("escalate");
        if (!(fields.get("escalate") instanceof List<?> list) || list.isEmpty() || list.size() > 10) {
            bad(place, "\"escalate\" is a list of 1 to 10 objects");
            return;
        }
        if (!fields.containsKey("within")) {
            bad(place, "nothing escalates without a deadline: add \"within\"");
        }
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i) instanceof Map<?, ?> others) {
                known(others, Set.of("roles", "actors", "within"), place.index(i));
                people(others, place.index(i));
                if (!others.containsKey("roles") && !others.containsKey("actors")) {
                    bad(place.index(i), "say who is asked: \"roles\" or \"actors\"");
                }
                if (i < list.size() - 1 && !others.containsKey("within")) {
                    bad(place.index(i), "nobody after these is ever asked: add \"within\"");
                }
            } else {
                bad(place.index(i), "an escalation is an object such as {\"roles\": [\"head\"], \"within\": \"P1D\"}");
            }
        }
    }

    /** Who may decide, and how long they have. */
    private void people(Map<?, ?> fields, Place at) {
        for (String who : List.of("roles", "actors")) {
            if (fields.containsKey(who)) {
                texts(fields.get(who), 1, 100, at.field(who));
            }
        }
        if (fields.containsKey("within") && !isWait(fields.get("within"))) {
            bad(
                    at.field("within"),
                    "a deadline is a duration of at most " + Limits.MAX_WAIT.toDays() + " days such as \"P2D\"");
        }
    }

    private static boolean isWait(@Nullable Object value) {
        try {
            return value instanceof String text
                    && Duration.parse(text).compareTo(Duration.ZERO) > 0
                    && Duration.parse(text).compareTo(Limits.MAX_WAIT) <= 0;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private void form(@Nullable Object form, boolean given, Place at) {
        if (!given) {
            return;
        }
        if (!(form instanceof List<?> list) || list.isEmpty() || list.size() > 50) {
            bad(at, "a form is a list of 1 to 50 fields");
            return;
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i) instanceof Map<?, ?> field) {
                field(field, names, at.index(i));
            } else {
                bad(at.index(i), "a field is an object such as {\"name\": \"limit\", \"type\": \"number\"}");
            }
        }
    }

    private void field(Map<?, ?> field, Set<String> names, Place at) {
        known(field, Set.of("name", "type", "required", "choices"), at);
        String name = field.get("name") instanceof String text ? text : "";
        if (!Limits.isName(name) || !names.add(name)) {
            bad(at.field("name"), "\"" + name + "\" is no name, or another field has it");
        }
        if (!TYPES.contains(String.valueOf(field.get("type")))) {
            bad(at.field("type"), "the type of a field is one of " + String.join(", ", TYPES));
        }
        if (field.containsKey("required") && !(field.get("required") instanceof Boolean)) {
            bad(at.field("required"), "\"required\" is true or false");
        }
        boolean chooses = "choice".equals(field.get("type"));
        if (chooses) {
            texts(field.get("choices"), 1, 100, at.field("choices"));
        } else if (field.containsKey("choices")) {
            bad(at.field("choices"), "only a field of type \"choice\" has choices");
        }
    }

    private void texts(@Nullable Object value, int least, int most, Place at) {
        boolean texts = value instanceof List<?> list
                && list.size() >= least
                && list.size() <= most
                && new HashSet<>(list).size() == list.size()
                && list.stream()
                        .allMatch(text -> text instanceof String word && !word.isBlank() && word.length() <= 200);
        if (!texts) {
            bad(at, "a list of " + least + " to " + most + " different texts is wanted, each of 1 to 200 characters");
        }
    }

    private void known(Map<?, ?> fields, Set<String> known, Place at) {
        for (Object field : fields.keySet()) {
            if (!known.contains(field)) {
                problems.add(new Problem(
                        ProblemCode.UNKNOWN_FIELD.code(),
                        style.name(at.field(String.valueOf(field))),
                        "there is no field \"" + field + "\"",
                        DidYouMean.question(String.valueOf(field), known)));
            }
        }
    }

    private static boolean whole(Number number) {
        return number.doubleValue() == Math.rint(number.doubleValue());
    }

    private void bad(Place at, String message) {
        problems.add(ProblemCode.BAD_APPROVAL.at(style.name(at), message));
    }
}
