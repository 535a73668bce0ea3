package io.pgflow.worker;

import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.WorkflowDefinition;
import java.util.List;

/** A stored version of a workflow as this process read it: its steps stand in the order of their numbers. */
record KnownWorkflow(String name, List<StepDefinition> steps) {

    KnownWorkflow {
        steps = List.copyOf(steps);
    }

    /** The step of that number, from 1. */
    StepDefinition step(int number) {
        return steps.get(number - 1);
    }

    /** Steps are numbered in the order of the stored text, which need not be the order that a definition sorts itself into. */
    static KnownWorkflow of(String json, List<String> stepNames) {
        WorkflowDefinition definition = WorkflowDefinition.stored(json);
        return new KnownWorkflow(
                definition.name(),
                stepNames.stream()
                        .map(name -> definition.step(name).orElseThrow())
                        .toList());
    }
}
