package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgflow.dsl.AnnotatedFlow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.dsl.annotation.Flow;
import io.pgflow.dsl.annotation.Step;
import io.pgflow.dsl.annotation.Undo;
import io.pgflow.testing.FixedTask;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.util.List;
import org.junit.jupiter.api.Test;

class UndoExampleTest {

    private final UndoExample example = new UndoExample();

    @Test
    void every_way_gives_the_same_definition() {
        var definition = example.fluent().definition();

        assertThat(List.of(
                        example.annotated().definition(),
                        example.runtime().definition(),
                        example.json().definition()))
                .allSatisfy(other -> assertThat(other).isEqualTo(definition));
        assertThat(WorkflowDefinition.parse(definition.toJson())).isEqualTo(definition);
        assertThat(example.annotated().handlers().keySet())
                .isEqualTo(example.fluent().handlers().keySet());
    }

    @Test
    void the_code_gets_what_the_step_gave_or_one_item_of_it() throws Exception {
        for (Workflow<?, ?> flow : List.of(example.fluent(), example.annotated())) {
            example.undone.clear();
            run(
                    flow,
                    "travel.rooms.undo",
                    StepDefinition.of("rooms", "travel.rooms.undo").withOver("$input"),
                    "{\"night\":\"May 2\"}");
            run(
                    flow,
                    "travel.pay.undo",
                    StepDefinition.of("pay", "travel.pay.undo")
                            .withInput("{\"$from\":\"$input\",\"pointer\":\"/pay\"}"),
                    null);

            assertThat(example.undone).containsExactly("room May 2", "payment p1");
        }
    }

    private static void run(Workflow<?, ?> flow, String handler, StepDefinition step, String item) throws Exception {
        FixedTask task = FixedTask.of("travel", step, "{\"pay\":{\"reference\":\"p1\"}}");
        assertThat(flow.handlers().get(handler).run(item == null ? task : task.withItem(item)))
                .isEqualTo("null");
    }

    @Test
    void what_undoes_no_step_or_a_step_twice_is_a_problem() {
        StepKey<String> a = StepKey.of("a", String.class);
        StepKey<String> b = StepKey.of("b", String.class);
        StepKey<Void> nap = StepKey.of("nap", Void.class);

        assertThat(problems(() -> FlowBuilder.workflow("flow", String.class)
                        .step(a, in -> "")
                        .sleep(nap, FlowBuilder.after(), java.time.Duration.ofHours(1))
                        .undo(nap, (nothing, task) -> {})
                        .undo(a, (text, task) -> {})
                        .undo(a, 101, (text, task) -> {})
                        .undo(b, (text, task) -> {})
                        .build()))
                .containsExactlyInAnyOrder("PGF-WFL-062", "PGF-WFL-062", "PGF-WFL-062");
        assertThat(problems(() -> FlowBuilder.workflow("flow", String.class)
                        .step(a, in -> "")
                        .undo(a, 101, (text, task) -> {})
                        .build()))
                .containsExactly("PGF-WFL-013");
        assertThat(problems(() -> FlowBuilder.runtime("flow")
                        .step("a", FlowBuilder.handler("a").undo("No handler"))
                        .build()))
                .containsExactly("PGF-WFL-012");
        assertThat(problems(() -> FlowBuilder.workflow("flow$undo", String.class)
                        .step(a, in -> "")
                        .build()))
                .containsExactly("PGF-WFL-001");
    }

    @Flow("bad")
    static class Bad {
        @Step("a")
        String a() {
            return "";
        }

        @Undo("a")
        void twice(Integer number) {}

        @Undo("a")
        void nothing() {}

        @Undo("b")
        void unknown(String text) {}
    }

    @Test
    void a_class_is_compared_with_what_its_steps_give() {
        assertThat(problems(() -> AnnotatedFlow.read(new Bad())))
                .containsExactlyInAnyOrder("PGF-WFL-031", "PGF-WFL-033", "PGF-WFL-062", "PGF-WFL-062");
    }

    private static List<String> problems(Runnable build) {
        return catchThrowableOfType(InvalidWorkflowException.class, build::run).problems().stream()
                .map(Problem::code)
                .toList();
    }
}
