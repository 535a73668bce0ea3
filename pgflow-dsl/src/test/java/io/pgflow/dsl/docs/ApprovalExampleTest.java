package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.testing.FixedTask;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApprovalExampleTest {

    private final ApprovalExample example = new ApprovalExample();

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
    void a_decision_is_read_like_any_output() throws Exception {
        var flow = example.fluent();
        var task = FixedTask.of(
                        "payment", flow.definition().step("pay").orElseThrow(), "{\"supplier\": \"s\", \"cents\": 7}")
                .withOutput(
                        "release",
                        "{\"choice\": \"approve\", \"expired\": false, \"form\": {\"account\": \"42\"}, \"votes\":"
                                + " [{\"actor\": \"ada\", \"choice\": \"approve\", \"at\": \"2026-01-31T08:00:00.5+00:00\","
                                + " \"form\": {\"account\": \"42\"}, \"comment\": null}]}");

        assertThat(flow.handlers().get("payment.pay").run(task)).isEqualTo("\"7 to 42\"");
    }
}
