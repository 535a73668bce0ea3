package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.From;
import io.pgflow.dsl.annotation.Returns;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.dsl.annotation.SubWorkflow;
import io.pgflow.workflow.Action;
import io.pgflow.workflow.Collected;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.WorkflowDefinition;
import java.util.List;
import org.junit.jupiter.api.Test;

class SubWorkflowExampleTest {

    private final SubWorkflowExample example = new SubWorkflowExample();

    @Test
    void every_way_gives_the_same_steps() {
        var definition = example.fluent().definition();

        assertThat(example.annotated().definition().steps()).isEqualTo(definition.steps());
        assertThat(List.of(example.runtime().definition(), example.json().definition()))
                .allSatisfy(other -> assertThat(other).isEqualTo(definition));
        assertThat(WorkflowDefinition.parse(definition.toJson())).isEqualTo(definition);
    }

    @Flow("many")
    @SubWorkflow(
            value = "parcels",
            workflow = "parcel",
            over = "$input",
            collect = true,
            atOnce = 3,
            retryDelay = "PT2S",
            maxRetryDelay = "PT3S",
            retryJitter = 0,
            deadline = "PT4H")
    static class Many {
        @Step("count")
        @Returns
        int count(@From("parcels") Collected<Integer> parcels) {
            return parcels.outputs().size();
        }
    }

    @Test
    void an_annotated_step_that_runs_workflows_says_all_that_the_other_ways_can() {
        StepDefinition written = WorkflowDefinition.parse("""
                        {"name": "many", "steps": [
                          {"name": "parcels", "workflow": "parcel", "over": "$input", "collect": true, "atOnce": 3,
                           "retryDelay": "PT2S", "maxRetryDelay": "PT3S", "retryJitter": 0, "deadline": "PT4H"}]}
                        """).steps().get(0);

        assertThat(AnnotatedFlow.read(new Many()).definition().steps()).contains(written);
    }

    @Test
    void what_a_step_that_runs_a_workflow_cannot_have_is_a_problem() {
        var bad = StepDefinition.of("a", Action.SubWorkflow.of("Other").version(0));
        var slow = StepDefinition.of("b", Action.SubWorkflow.of("other").input("{\"$from\": \"a\"}"));

        var refused = catchThrowableOfType(
                InvalidWorkflowException.class,
                () -> WorkflowDefinition.of(
                        "flow", List.of(bad, slow.withOptions(slow.options().withQueue("slow")))));

        assertThat(refused.problems())
                .extracting(Problem::code)
                .containsExactlyInAnyOrder("PGF-WFL-001", "PGF-WFL-013", "PGF-WFL-016", "PGF-WFL-025");
    }
}
