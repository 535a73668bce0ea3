package io.pgflow.dsl;

import io.pgflow.dsl.annotation.SubWorkflow;
import io.pgflow.workflow.Action;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.StepDefinition;
import java.util.List;
import java.util.Optional;

/** A step that a class has without a method, since it runs another workflow. */
record AnnotatedRun(SubWorkflow said) {

    static List<AnnotatedRun> of(Class<?> type) {
        return List.of(type.getAnnotationsByType(SubWorkflow.class)).stream()
                .map(AnnotatedRun::new)
                .toList();
    }

    StepDefinition definition(List<Problem> problems) {
        StepDefinition step = StepDefinition.of(said.value(), action())
                .withAfter(said.after())
                .withOptions(StepAttributes.of(said).options("@SubWorkflow \"" + said.value() + "\"", problems));
        return StepAttributes.written(said.over()).map(step::withOver).orElse(step);
    }

    private Action action() {
        Optional<Integer> version = said.version() == 0 ? Optional.empty() : Optional.of(said.version());
        return new Action.SubWorkflow(said.workflow(), version, StepAttributes.written(said.input()));
    }
}
