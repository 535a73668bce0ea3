package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.workflow.InvalidWorkflowException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadlinesExampleTest {

    private final DeadlinesExample example = new DeadlinesExample();

    @Test
    void every_way_gives_the_same_definition() {
        var definition = example.fluent().definition();

        assertThat(definition.deadline()).contains(Duration.ofHours(1));
        assertThat(List.of(
                        example.annotated().definition(),
                        example.runtime().definition(),
                        example.json().definition()))
                .allSatisfy(other -> assertThat(other).isEqualTo(definition));
    }

    @Test
    void deadlines_out_of_their_range_are_problems_with_their_places() {
        assertThatThrownBy(() -> FlowBuilder.runtime("quotes")
                        .runDeadline(Duration.ofDays(366))
                        .step("rate", FlowBuilder.handler("rate").deadline(Duration.ofMillis(9)))
                        .build())
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("deadline: PT8784H")
                .hasMessageContaining("steps[0] \"rate\".deadline: PT0.009S");
        assertThatThrownBy(() -> AnnotatedFlow.read(new Malformed()))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("@Flow(\"malformed\"), runDeadline")
                .hasMessageContaining("deadline");
    }

    @Flow(value = "malformed", runDeadline = "an hour")
    static class Malformed {
        @Step(value = "work", deadline = "soon")
        int work() {
            return 1;
        }
    }
}
