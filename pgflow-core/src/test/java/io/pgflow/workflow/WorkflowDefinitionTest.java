package io.pgflow.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.testing.FlowText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WorkflowDefinitionTest {

    @Test
    void a_step_stands_after_those_it_depends_on_and_otherwise_by_name() {
        assertThat(names("zero -> left, right; left, right -> join; alone"))
                .containsExactly("alone", "zero", "left", "right", "join");
    }

    @Test
    void the_same_graph_is_equal_in_whatever_order_it_was_written() {
        WorkflowDefinition definition = FlowText.workflow("flow", "a -> c, b; b, c -> d; c -> e*; e, d -> f");
        Random random = new Random(7);
        for (int i = 0; i < 50; i++) {
            List<StepDefinition> shuffled = new ArrayList<>();
            for (StepDefinition step : definition.steps()) {
                List<String> after = new ArrayList<>(step.after());
                Collections.shuffle(after, random);
                shuffled.add(step.withAfter(after));
            }
            Collections.shuffle(shuffled, random);

            assertThat(WorkflowDefinition.of("flow", shuffled)).isEqualTo(definition);
        }
    }

    @Test
    void a_thousand_steps_are_sorted() {
        List<StepDefinition> chain = new ArrayList<>();
        for (int i = 999; i >= 0; i--) {
            StepDefinition step = StepDefinition.of("s" + i, "flow.s" + i);
            chain.add(i == 0 ? step : step.withAfter("s" + (i - 1)));
        }

        assertThat(WorkflowDefinition.of("flow", chain).steps())
                .extracting(StepDefinition::name)
                .isEqualTo(IntStream.range(0, 1000).mapToObj(i -> "s" + i).toList());
    }

    @Test
    void the_json_is_canonical_and_leaves_defaults_out() {
        StepDefinition charge = StepDefinition.of("charge", "checkout.charge")
                .withAfter("reserve")
                .withOptions(StepOptions.DEFAULT
                        .withTimeout(Duration.ofSeconds(30))
                        .withRetry(RetryPolicy.DEFAULT.withMaxAttempts(5).withJitter(0.5)));
        StepDefinition labels = StepDefinition.of("labels", "checkout.labels").withOver("reserve");
        WorkflowDefinition checkout = new WorkflowDefinition(
                "checkout",
                List.of(labels, charge, StepDefinition.of("reserve", "checkout.reserve")),
                Optional.of("charge"));

        assertThat(checkout.toJson()).isEqualTo("""
                {"name":"checkout","steps":[\
                {"name":"reserve","handler":"checkout.reserve"},\
                {"name":"charge","handler":"checkout.charge","after":["reserve"],"maxAttempts":5,"timeout":"PT30S",\
                "retryJitter":0.5},\
                {"name":"labels","handler":"checkout.labels","over":"reserve"}],\
                "returns":"charge"}""");
        assertThat(WorkflowDefinition.parse(checkout.toJson())).isEqualTo(checkout);
    }

    @Test
    void every_field_survives_the_way_through_json() {
        StepOptions options = new StepOptions(
                "slow_lane",
                Duration.ofMillis(10),
                Optional.of(Duration.ofDays(365)),
                new RetryPolicy(100, Duration.ZERO, Duration.ofDays(30), 0),
                Optional.of(Condition.input("/vip").equalTo(true)),
                Otherwise.SKIP_BRANCH,
                OnFailure.fallBackTo(List.of(1.50)),
                new Items(true, OptionalInt.of(100_000)),
                FlowLimits.NONE
                        .with(Concurrency.of(3))
                        .with(Concurrency.of(1).named("gpu").by(Part.item("/k")))
                        .with(Rate.of(1_000_000_000_000L, Duration.ofMinutes(1))
                                .named("tokens")
                                .by(Part.input(""))
                                .weighing(new Part("first", "/a/0")))
                        .withFairBy(Part.of("$input/tenant")),
                Optional.of(Caching.of(Duration.ofDays(1), Caching.item("/a")).in("shared")),
                Optional.of(Undo.by("take.back").withMaxAttempts(100)));
        StepDefinition all = StepDefinition.of("all", "a.b.c.d")
                .withOver("$input")
                .withAfter("first")
                .withOptions(options)
                .withInput("{ \"x\" : 1.50, \"y\": null, \"z\": [{\"$from\": \"first\", \"pointer\": \"/a\"}] }");
        WorkflowDefinition definition = new WorkflowDefinition(
                "flow",
                List.of(all, StepDefinition.of("first", "f")),
                Optional.of("all"),
                Optional.of(Duration.ofMillis(10)));

        assertThat(WorkflowDefinition.parse(definition.toJson())).isEqualTo(definition);
        assertThat(definition.toJson()).contains("\"x\":1.50,\"y\":null");
    }

    @Test
    void templates_that_differ_in_white_space_make_one_definition() {
        StepDefinition step = StepDefinition.of("a", "a");

        assertThat(step.withInput("{\"x\":[1,null]}")).isEqualTo(step.withInput(" { \"x\" : [1, null] }\n"));
        assertThat(step.withInput("null").input()).contains("null");
    }

    @Test
    void a_map_step_depends_on_what_it_maps_over() {
        WorkflowDefinition definition = FlowText.workflow("flow", "list, other -> each* -> sum; $input -> all*");

        assertThat(definition.step("each"))
                .get()
                .extracting(StepDefinition::dependencies)
                .isEqualTo(List.of("list", "other"));
        assertThat(definition.step("all"))
                .get()
                .extracting(StepDefinition::dependencies)
                .isEqualTo(List.of());
    }

    @Test
    void the_drawing_gives_map_steps_a_shape_of_their_own() {
        assertThat(FlowText.workflow("flow", "list -> each* -> end; $input -> all*")
                        .toMermaid())
                .isEqualTo("""
                flowchart TD
                    input(["input"])
                    s1[["all"]]
                    s2["list"]
                    s3[["each"]]
                    s4["end"]
                    input -->|each| s1
                    s2 -->|each| s3
                    s3 --> s4
                """);
    }

    @Test
    void a_definition_cannot_be_changed() {
        List<StepDefinition> steps = FlowText.workflow("flow", "a -> b").steps();

        assertThatThrownBy(() -> steps.remove(0)).isInstanceOf(UnsupportedOperationException.class);
    }

    private static List<String> names(String text) {
        return FlowText.workflow("flow", text).steps().stream()
                .map(StepDefinition::name)
                .toList();
    }
}
