package io.pgflow.workflow;

import io.pgflow.InvalidPayloadException;
import io.pgflow.internal.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds what is wrong with a step's condition: its form, and what it reads. */
final class ConditionCheck {

    private static final Set<String> JOINING = Set.of("and", "or", "not");
    private static final List<String> OPERATORS =
            List.of("eq", "ne", "in", "exists", "lt", "lte", "gt", "gte", "contains");

    private static final Set<String> ORDERING = Set.of("lt", "lte", "gt", "gte");

    private final StepDefinition step;
    private final Place.Style style;
    private final List<Problem> problems;

    ConditionCheck(StepDefinition step, Place.Style style, List<Problem> problems) {
        this.step = step;
        this.style = style;
        this.problems = problems;
    }

    void check(Condition condition, Place at) {
        try {
            part(Json.tree(condition.json(), "the condition"), at);
        } catch (InvalidPayloadException e) {
            malformed(at, e.reason());
        }
    }

    private void part(@Nullable Object part, Place at) {
        if (!(part instanceof Map<?, ?> fields)) {
            malformed(
                    at,
                    "a condition is an object such as {\"$from\": \"$input\", \"pointer\": \"/vip\", \"eq\": true}");
            return;
        }
        Optional<String> joining = JOINING.stream().filter(fields::containsKey).findFirst();
        if (joining.isEmpty()) {
            test(fields, at);
        } else if (fields.size() > 1) {
            malformed(at, "\"" + joining.get() + "\" stands alone in its object");
        } else {
            joined(joining.get(), fields.get(joining.get()), at.field(joining.get()));
        }
    }

    private void joined(String word, @Nullable Object parts, Place at) {
        if (word.equals("not")) {
            part(parts, at);
        } else if (parts instanceof List<?> list && !list.isEmpty()) {
            for (int i = 0; i < list.size(); i++) {
                part(list.get(i), at.index(i));
            }
        } else {
            malformed(at, "\"" + word + "\" needs a list of at least one condition");
        }
    }

    private void test(Map<?, ?> fields, Place at) {
        source(fields.get(InputTemplate.FROM), at);
        Object pointer = fields.get(InputTemplate.POINTER);
        if (fields.containsKey(InputTemplate.POINTER) && !InputTemplate.isPointer(pointer)) {
            malformed(at, "\"pointer\" is a JSON Pointer such as \"/items/0\"");
        }
        List<String> operators = new ArrayList<>();
        fields.keySet().forEach(field -> operators.add(String.valueOf(field)));
        operators.removeAll(List.of(InputTemplate.FROM, InputTemplate.POINTER));
        if (operators.size() != 1 || !OPERATORS.containsAll(operators)) {
            problems.add(new Problem(
                    ProblemCode.BAD_CONDITION.code(),
                    style.name(at),
                    "a test has exactly one of " + String.join(", ", OPERATORS),
                    operators.size() == 1 ? DidYouMean.question(operators.get(0), OPERATORS) : Optional.empty()));
            return;
        }
        operand(operators.get(0), fields.get(operators.get(0)), at);
    }

    private void operand(String operator, @Nullable Object operand, Place at) {
        if (operator.equals("in") && !(operand instanceof List)) {
            malformed(at, "\"in\" needs a list of values");
        } else if (operator.equals("exists") && !(operand instanceof Boolean)) {
            malformed(at, "\"exists\" is true or false");
        } else if (ORDERING.contains(operator) && !(operand instanceof Number || operand instanceof String)) {
            malformed(at, "\"" + operator + "\" needs a number or a text");
        }
    }

    private void source(@Nullable Object from, Place at) {
        List<String> known = new ArrayList<>(step.dependencies());
        known.add(StepDefinition.RUN_INPUT);
        if (!(from instanceof String name)) {
            malformed(at, "\"$from\" is the name of a step or \"$input\"");
        } else if (!known.contains(name)) {
            String guess = DidYouMean.question(name, known).orElse("add \"" + name + "\" to \"after\"");
            problems.add(ProblemCode.TEMPLATE_READS_UNDECLARED.at(
                    style.name(at), "\"" + step.name() + "\" does not depend on \"" + name + "\"", guess));
        }
    }

    private void malformed(Place at, String message) {
        problems.add(ProblemCode.BAD_CONDITION.at(style.name(at), message));
    }
}
