package io.pgflow.workflow;

import java.util.List;
import java.util.Map;

/** Finds what is wrong with a reference to a value that a run carries: its form, and whether the step may read it. */
record ReferenceCheck(StepDefinition step, Place.Style style, List<Problem> problems) {

    void check(Map<?, ?> object, Place at) {
        var malformed = InputTemplate.malformed(object);
        if (malformed.isPresent()) {
            add(ProblemCode.BAD_TEMPLATE, at, malformed.get());
            return;
        }
        String from = String.valueOf(object.get(InputTemplate.FROM));
        List<String> known = step.dependencies();
        if (from.equals(InputTemplate.ITEM) && !step.isMap()) {
            add(
                    ProblemCode.TEMPLATE_READS_UNDECLARED,
                    at,
                    "there is no \"$item\": \"" + step.name() + "\" is no map step");
        } else if (!from.startsWith("$") && !known.contains(from)) {
            String guess = DidYouMean.question(from, known).orElse("add \"" + from + "\" to \"after\"");
            problems.add(ProblemCode.TEMPLATE_READS_UNDECLARED.at(
                    style.name(at), "\"" + step.name() + "\" does not depend on \"" + from + "\"", guess));
        } else if (from.startsWith("$")
                && !List.of(StepDefinition.RUN_INPUT, InputTemplate.ITEM).contains(from)) {
            add(ProblemCode.BAD_TEMPLATE, at, "\"" + from + "\" is neither a step, \"$input\" nor \"$item\"");
        }
    }

    private void add(ProblemCode code, Place at, String message) {
        problems.add(code.at(style.name(at), message));
    }
}
