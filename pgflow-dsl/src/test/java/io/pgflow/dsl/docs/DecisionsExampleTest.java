package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.testing.FixedTask;
import io.pgflow.workflow.Workflow;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecisionsExampleTest {

    private final DecisionsExample example = new DecisionsExample();

    @Test
    void every_way_gives_the_same_definition() {
        var definition = example.fluent().definition();

        assertThat(List.of(example.annotated().definition(), example.json().definition()))
                .allSatisfy(other -> assertThat(other).isEqualTo(definition));
    }

    @Test
    void what_a_map_collected_is_read_with_its_gaps_and_its_errors() throws Exception {
        String collected =
                "{\"errors\":[{\"item\":1,\"error\":{\"message\":\"no scales\"}}],\"outputs\":[300,null,20]}";
        for (Workflow<?, ?> flow : List.of(example.fluent(), example.annotated())) {
            var postage = flow.definition().step("postage").orElseThrow();
            var task = FixedTask.of("shipping", postage, "[]").withOutput("weigh", collected);

            assertThat(flow.handlers().get("shipping.postage").run(task)).isEqualTo("320");
        }
    }
}
