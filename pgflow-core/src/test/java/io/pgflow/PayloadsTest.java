package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunFilter;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.StartRefusedException;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is too large, no JSON, or of another shape than its reader expects. */
class PayloadsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final AtomicInteger calls = new AtomicInteger();

    record Order(int id, List<String> items) {}

    @Test
    void an_input_over_the_limit_is_refused_and_nothing_starts() {
        Workflow<String, Object> flow = Flow.of("flow", "work").typed(String.class, Object.class);
        Pgflow pgflow = engines.start(Engines.settings().maxPayloadBytes(1024), flow);

        assertThatThrownBy(() -> pgflow.executor().start(flow, "ü".repeat(600)))
                .isInstanceOfSatisfying(
                        InvalidPayloadException.class,
                        e -> assertThat(e.code()).isEqualTo(InvalidPayloadException.TOO_LARGE))
                .hasMessageContaining("the input of workflow \"flow\"")
                .hasMessageContaining("1024");
        assertThat(pgflow.executor().list(RunFilter.all())).isEmpty();
    }

    @Test
    void an_input_at_the_limit_is_taken_and_comes_back_as_it_was() throws Exception {
        Workflow<String, String> flow = Flow.oneStep("flow", String.class, String.class, in -> in.runInput());
        Pgflow pgflow = engines.start(flow);
        String text = "é".repeat((1 << 19) - 1);

        assertThat(pgflow.executor().start(flow, text).await(PATIENCE)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nul \u0000 nul", "half \ud800 pair"})
    void an_input_that_the_database_cannot_store_is_refused(String input) {
        Workflow<String, String> flow = Flow.oneStep("flow", String.class, String.class, in -> in.runInput());
        Pgflow pgflow = engines.start(flow);

        assertThatThrownBy(() -> pgflow.executor().start(flow, input))
                .isInstanceOf(PgflowException.class)
                .hasMessageContaining("PGF-")
                .hasMessageContaining("flow");
        assertThat(pgflow.executor().list(RunFilter.all())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":", "", "undefined", "1 2", "{'a': 1}", "[1,]"})
    void what_a_raw_handler_returns_must_be_json(String output) {
        assertFailure(
                flowReturning(in -> output),
                InvalidPayloadException.NOT_JSON,
                "the output of step \\\"work\\\" of workflow \\\"flow\\\"");
    }

    @Test
    void an_output_over_the_limit_fails_the_run() {
        assertFailure(
                flowReturning(in -> "\"" + "x".repeat(3000) + "\""),
                InvalidPayloadException.TOO_LARGE,
                "the output of step \\\"work\\\" of workflow \\\"flow\\\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"nul \\u0000\"", "\"half \\ud800 pair\"", "{\"\\u0000\": 1}", "1e1000000"})
    void an_output_that_the_database_cannot_store_fails_the_run(String output) {
        assertFailure(
                flowReturning(in -> output),
                InvalidPayloadException.NOT_STORABLE,
                "the output of step \\\"work\\\" of workflow \\\"flow\\\"");
    }

    @Test
    void an_output_that_is_nested_too_deep_fails_the_run() {
        assertFailure(flowReturning(in -> "[".repeat(60) + "]".repeat(60)), InvalidPayloadException.TOO_DEEP, "work");
    }

    @Test
    void an_output_that_does_not_fit_the_type_of_its_reader_fails_the_run_and_says_where() {
        Workflow<Object, Object> flow = Flow.of("flow", "order -> ship")
                .step("order", in -> "{\"id\": 1, \"items\": [\"a\", {\"b\": 2}]}")
                .step("ship", TaskHandler.of(Object.class, Object.class, in -> {
                    calls.incrementAndGet();
                    return in.output(StepKey.of("order", Order.class)).items();
                }))
                .untyped();

        assertFailure(flow, InvalidPayloadException.DOES_NOT_FIT, "order", "ship", "flow", "$.items[1]");
        assertThat(calls).hasValue(1);
    }

    @Test
    void an_input_that_does_not_fit_the_first_step_fails_the_run_and_says_where() {
        Workflow<Object, Object> flow = Flow.of("flow", "first")
                .step("first", TaskHandler.of(Order.class, Object.class, in -> ((Order) in.input()).id()))
                .untyped();

        assertFailure(flow, InvalidPayloadException.DOES_NOT_FIT, "the input", "first", "flow");
    }

    @Test
    void a_start_by_name_is_refused_when_the_input_is_no_json() {
        Workflow<Object, Object> flow = Flow.of("flow", "first").untyped();
        Pgflow pgflow = engines.start(flow);

        assertThatThrownBy(() -> pgflow.executor().startByName("flow", "{no", StartOptions.none()))
                .isInstanceOfSatisfying(
                        InvalidPayloadException.class,
                        e -> assertThat(e.code()).isEqualTo(InvalidPayloadException.NOT_JSON));
    }

    @Test
    void a_start_is_refused_when_the_workflow_maps_over_an_input_that_is_no_array() {
        Workflow<Object, Object> flow = Flow.of("flow", "$input -> each*").untyped();
        Pgflow pgflow = engines.start(flow);

        assertThatThrownBy(() -> pgflow.executor().start(flow, "no array"))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("array");
        assertThat(pgflow.executor().list(RunFilter.all())).isEmpty();
    }

    private static Workflow<Object, Object> flowReturning(TaskHandler handler) {
        return Flow.of("flow", "work").step("work", handler).untyped();
    }

    /** The run fails with this code, tried once; the next run of the same worker succeeds. */
    private void assertFailure(Workflow<Object, Object> flow, String code, String... words) {
        Workflow<Object, Object> fine = Flow.oneStep("fine", Object.class, Object.class, in -> "1");
        Pgflow pgflow = engines.start(Engines.settings().maxPayloadBytes(2048), flow, fine);

        Run<Object> run = pgflow.executor().start(flow, "input");

        assertThatThrownBy(() -> run.await(PATIENCE))
                .hasMessageContaining("PGF-RUN-001")
                .hasMessageContaining(code)
                .hasMessageContainingAll(words);
        assertThat(pgflow.executor().tasks(run.id()))
                .allSatisfy(task -> assertThat(task.attempts()).isLessThanOrEqualTo(1));
        assertThatCode(() -> pgflow.executor().start(fine, null).await(PATIENCE))
                .doesNotThrowAnyException();
    }
}
