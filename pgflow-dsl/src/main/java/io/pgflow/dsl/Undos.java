package io.pgflow.dsl;

import io.pgflow.workflow.Problem;
import io.pgflow.workflow.ProblemCode;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.Undo;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What undoes steps, said apart from them. */
final class Undos {

    private Undos() {}

    /** The steps with what undoes them, by their names; a name that no step has is a problem. */
    static List<StepDefinition> in(List<StepDefinition> steps, Map<String, Undo> undos, List<Problem> problems) {
        Set<String> unknown = new HashSet<>(undos.keySet());
        steps.forEach(step -> unknown.remove(step.name()));
        unknown.stream()
                .sorted()
                .forEach(name -> problems.add(ProblemCode.BAD_UNDO.at(
                        "what undoes \"" + name + "\"",
                        "there is no step of that name",
                        "add the step, or remove it")));
        return steps.stream()
                .map(step -> undos.containsKey(step.name())
                        ? step.withOptions(step.options().withUndo(undos.get(step.name())))
                        : step)
                .toList();
    }
}
