package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.testing.FixedTask;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.Workflow;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckoutExampleTest {

    private static final String ORDER = "{\"id\":\"o1\",\"items\":[\"pen\",\"ink\"],\"cents\":100}";
    private static final String PARCELS = "[{\"item\":\"pen\",\"number\":0},{\"item\":\"ink\",\"number\":1}]";

    private final CheckoutExample example = new CheckoutExample();

    @Test
    void every_way_gives_the_same_definition() {
        var definition = example.fluent().definition();

        assertThat(List.of(
                        example.annotated().definition(),
                        example.runtime().definition(),
                        example.json().definition()))
                .allSatisfy(other -> assertThat(other).isEqualTo(definition));
        assertThat(example.annotated().inputType()).isEqualTo(example.fluent().inputType());
        assertThat(example.annotated().outputType()).isEqualTo(example.fluent().outputType());
        assertThat(example.annotated().handlers().keySet())
                .isEqualTo(example.fluent().handlers().keySet());
    }

    @Test
    void the_fluent_and_the_annotated_code_do_the_same() throws Exception {
        for (Workflow<?, ?> flow : List.of(example.fluent(), example.annotated())) {
            assertThat(task(flow, "reserve").run(flow)).isEqualTo(PARCELS);
            assertThat(task(flow, "charge").withOutput("reserve", PARCELS).run(flow))
                    .isEqualTo("{\"reference\":\"o1/2\"}");
            assertThat(task(flow, "labels")
                            .withItem("{\"item\":\"ink\",\"number\":1}")
                            .run(flow))
                    .isEqualTo("{\"text\":\"1 ink\"}");
            assertThat(task(flow, "receipt")
                            .withOutput("charge", "{\"reference\":\"o1/2\"}")
                            .withOutput("labels", "[{\"text\":\"a\"},null]")
                            .run(flow))
                    .isEqualTo("{\"reference\":\"o1/2\",\"parcels\":2}");
        }
    }

    @Test
    void a_registered_handler_serves_the_step_of_its_name() throws Exception {
        StepDefinition labels = example.json().definition().step("labels").orElseThrow();

        assertThat(example.registered()
                        .run(FixedTask.of("checkout", labels, ORDER).withItem("{\"item\":\"ink\",\"number\":1}")))
                .isEqualTo("{\"text\":\"1 ink\"}");
        assertThat(example.registered().name()).isEqualTo(labels.handler().orElseThrow());
    }

    @Test
    void templates_and_problems_are_as_described() {
        assertThat(example.template().definition().step("thumbs")).isPresent();
        assertThat(example.problems(
                        "{\"name\": \"a\", \"steps\": [{\"name\": \"b\", \"handler\": \"b\", \"afer\": []}]}"))
                .containsExactly("PGF-WFL-019 /steps/0/afer there is no field \"afer\"");
    }

    private static FixedTask task(Workflow<?, ?> flow, String step) {
        return FixedTask.of(flow.name(), flow.definition().step(step).orElseThrow(), ORDER);
    }
}
