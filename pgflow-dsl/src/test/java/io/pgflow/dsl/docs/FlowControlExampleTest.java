package io.pgflow.dsl.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.workflow.WorkflowDefinition;
import org.junit.jupiter.api.Test;

class FlowControlExampleTest {

    @Test
    void the_three_ways_to_limit_steps_make_one_workflow() {
        WorkflowDefinition fluent = FlowControlExample.fluent().definition();

        assertThat(FlowControlExample.annotated().definition()).isEqualTo(fluent);
        assertThat(FlowControlExample.json().definition()).isEqualTo(fluent);
    }

    @Test
    void a_worker_may_have_slots_for_a_queue_and_some_workflows() {
        assertThat(FlowControlExample.worker().queues()).containsExactly("default", "mail", "gpu");
        assertThat(FlowControlExample.worker().queueSlots()).containsEntry("gpu", 2);
    }
}
