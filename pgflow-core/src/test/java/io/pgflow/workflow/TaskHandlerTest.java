package io.pgflow.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.InvalidPayloadException;
import io.pgflow.testing.FixedTask;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Typed code behind a step, seen from the worker: JSON in, JSON out. */
class TaskHandlerTest {

    record Order(String id, BigDecimal total) {}

    record Payment(int cents) {}

    record Broken(String text) {
        @Override
        public String text() {
            throw new IllegalStateException("boom");
        }
    }

    private static final StepKey<Payment> CHARGE = StepKey.of("charge", Payment.class);
    private static final StepKey<List<Payment>> PARTS = StepKey.listOf("parts", Payment.class);

    private final StepDefinition step =
            StepDefinition.of("receipt", "checkout.receipt").withAfter("charge", "parts");
    private final FixedTask task = FixedTask.of("checkout", step, "{\"id\":\"o1\",\"total\":12.50}")
            .withOutput("charge", "{\"cents\":1250,\"currency\":\"EUR\"}")
            .withOutput("parts", "[{\"cents\":1},{\"cents\":2}]");

    @Test
    void a_step_reads_the_input_and_the_outputs_of_its_dependencies() throws Exception {
        TaskHandler handler = TaskHandler.of(
                Order.class,
                String.class,
                (StepInput<Order> in) -> in.input().total()
                        + " " + in.output(CHARGE).cents() + " "
                        + in.output(PARTS).get(1).cents() + " "
                        + in.task().attempt());

        assertThat(handler.run(task)).isEqualTo("\"12.50 1250 2 1\"");
    }

    @Test
    void a_map_step_reads_its_item_too() throws Exception {
        FixedTask item = FixedTask.of("checkout", step.withOver("parts").withAfter("charge"), task.runInput())
                .withItem("{\"cents\":7}");
        TaskHandler handler = TaskHandler.ofItem(
                Order.class,
                Payment.class,
                String.class,
                (Payment payment, StepInput<Order> in) ->
                        payment.cents() + in.input().id());

        assertThat(handler.run(item)).isEqualTo("\"7o1\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "0", "\"\"", "false", "[]", "1.10"})
    void null_zero_empty_and_false_are_outputs_like_any_other(String json) throws Exception {
        TaskHandler echo = TaskHandler.of(Object.class, Object.class, (StepInput<Object> in) -> in.input());

        assertThat(echo.run(FixedTask.of("flow", StepDefinition.of("a", "a"), json)))
                .isEqualTo(json);
    }

    @Test
    void an_output_that_does_not_fit_names_workflow_step_and_path() {
        TaskHandler handler =
                TaskHandler.of(Order.class, String.class, (StepInput<Order> in) -> String.valueOf(in.output(PARTS)));

        assertThatThrownBy(() -> handler.run(task.withOutput("parts", "[{\"cents\":1},{\"cents\":\"two\"}]")))
                .isInstanceOfSatisfying(
                        InvalidPayloadException.class, e -> assertThat(e.code()).isEqualTo("PGF-DAT-004"))
                .hasMessageContaining("the output of step \"parts\", read by step \"receipt\" of workflow \"checkout\"")
                .hasMessageContaining("java.util.List<" + Payment.class.getTypeName() + "> at $[1].cents");
    }

    @Test
    void a_list_of_a_primitive_class_is_read_as_a_list_of_its_boxed_one() throws Exception {
        StepKey<List<Integer>> numbers = StepKey.listOf("parts", int.class);
        TaskHandler handler = TaskHandler.of(
                Order.class,
                Integer.class,
                (StepInput<Order> in) -> in.output(numbers).get(1));

        assertThat(numbers).isEqualTo(StepKey.listOf("parts", Integer.class));
        assertThat(handler.run(task.withOutput("parts", "[1,2]"))).isEqualTo("2");
    }

    @Test
    void a_step_that_was_not_declared_as_a_dependency_cannot_be_read() {
        TaskHandler handler = TaskHandler.of(
                Order.class, Object.class, (StepInput<Order> in) -> in.output(StepKey.of("reserve", Object.class)));

        assertThatThrownBy(() -> handler.run(task))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("PGF-WFL-023")
                .hasMessageContaining("reserve");
    }

    @Test
    void an_output_that_is_no_json_is_refused() {
        TaskHandler handler = TaskHandler.of(Order.class, Broken.class, (StepInput<Order> in) -> new Broken("a"));

        assertThatThrownBy(() -> handler.run(task))
                .isInstanceOfSatisfying(
                        InvalidPayloadException.class, e -> assertThat(e.code()).isEqualTo("PGF-DAT-001"))
                .hasMessageContaining("the output of step \"receipt\" of workflow \"checkout\"");
    }

    @Test
    void without_a_template_a_registered_handler_reads_what_the_step_depends_on() throws Exception {
        RegisteredHandler echo = echo();
        StepDefinition alone = StepDefinition.of("alone", "echo");

        assertThat(echo.run(FixedTask.of("flow", alone, "[1]"))).isEqualTo("[1]");
        assertThat(echo.run(task))
                .isEqualTo(
                        "{\"charge\":{\"cents\":1250,\"currency\":\"EUR\"},\"parts\":[{\"cents\":1},{\"cents\":2}]}");
        assertThat(echo.run(FixedTask.of("flow", alone.withAfter("a"), "[1]").withOutput("a", "2")))
                .isEqualTo("2");
        assertThat(echo.run(FixedTask.of("flow", alone.withOver("$input").withAfter("a"), "[1]")
                        .withItem("null")))
                .isEqualTo("null");
    }

    @Test
    void a_template_is_filled_with_exact_values() throws Exception {
        StepDefinition filled = step.withInput("""
                {"total": {"$from": "$input", "pointer": "/total"}, "first": {"$from": "parts", "pointer": "/0/cents"},
                 "all": [{"$from": "charge"}, {"pointer": "/a"}], "size": 1.50}""");

        assertThat(echo().run(new FixedTask("checkout", filled, task.runInput(), task.outputs(), task.item())))
                .isEqualTo("{\"total\":12.50,\"first\":1,\"all\":[{\"cents\":1250,\"currency\":\"EUR\"},"
                        + "{\"pointer\":\"/a\"}],\"size\":1.50}");
    }

    @Test
    void a_pointer_that_finds_nothing_is_an_error_that_names_workflow_step_and_pointer() {
        StepDefinition filled = step.withInput("{\"$from\": \"parts\", \"pointer\": \"/2/cents\"}");

        assertThatThrownBy(() -> echo().run(new FixedTask("checkout", filled, "1", task.outputs(), task.item())))
                .isInstanceOfSatisfying(
                        InvalidPayloadException.class, e -> assertThat(e.code()).isEqualTo("PGF-DAT-006"))
                .hasMessageContaining("step \"receipt\" of workflow \"checkout\"")
                .hasMessageContaining("\"parts\" has nothing at /2/cents");
    }

    @Test
    void a_registered_handler_reads_and_gives_values() throws Exception {
        RegisteredHandler resize = RegisteredHandler.of(
                "image.resize",
                Payment.class,
                Map.class,
                in -> Map.of("w", in.input().cents()));

        assertThat(resize.name()).isEqualTo("image.resize");
        assertThat(resize.run(FixedTask.of("flow", StepDefinition.of("a", "image.resize"), "{\"cents\":3}")))
                .isEqualTo("{\"w\":3}");
        assertThatThrownBy(() -> RegisteredHandler.of("Image", String.class, String.class, StepInput::input))
                .hasMessageContaining("PGF-WFL-012");
    }

    private static RegisteredHandler echo() {
        return RegisteredHandler.of("echo", Object.class, Object.class, StepInput::input);
    }
}
