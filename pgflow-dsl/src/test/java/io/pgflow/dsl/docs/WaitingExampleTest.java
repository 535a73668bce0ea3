package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class WaitingExampleTest {

    private final WaitingExample example = new WaitingExample();

    @Test
    void every_way_gives_the_same_definition() {
        var definition = example.fluent().definition();

        assertThat(List.of(
                        example.annotated().definition(),
                        example.runtime().definition(),
                        example.json().definition()))
                .allSatisfy(other -> assertThat(other).isEqualTo(definition));
    }

    @Test
    void steps_that_wait_are_drawn_round() {
        assertThat(example.fluent().toMermaid()).contains("([\"deposit\"])", "([\"arrival\"])", "[\"offer\"]");
    }
}
