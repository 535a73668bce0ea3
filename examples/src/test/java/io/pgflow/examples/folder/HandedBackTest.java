package io.pgflow.examples.folder;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.event.Event;
import io.pgflow.event.EventType;
import io.pgflow.examples.Printed;
import io.pgflow.state.TaskState;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * A worker hands back what it claimed ahead and could not begin. Nobody tried such a task, so nothing is said to have failed, and its wait
 * is no attempt's time.
 */
class HandedBackTest {

    private static final WorkflowDefinition WORKFLOW = FolderFlow.FLOW.definition();
    private static final UUID RUN = new UUID(1, 2);
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Optional<String> ERROR =
            Optional.of("{\"error\": {\"code\": \"PGF-RUN-010\", \"message\": \"the disk was busy\"}}");

    /** One file: handed back after 100 ms, failed after 10 ms, read in 20 ms. */
    private static final List<Event> EVENTS = List.of(
            hash(1, 1, EventType.TASK_STARTED, 0, Optional.empty()),
            hash(2, 1, EventType.TASK_RETRYING, 100, Optional.empty()),
            hash(3, 1, EventType.TASK_SCHEDULED, 100, Optional.empty()),
            hash(4, 2, EventType.TASK_STARTED, 200, Optional.empty()),
            hash(5, 2, EventType.TASK_RETRYING, 210, ERROR),
            hash(6, 2, EventType.TASK_SCHEDULED, 400, Optional.empty()),
            hash(7, 3, EventType.TASK_STARTED, 410, Optional.empty()),
            hash(8, 3, EventType.TASK_COMPLETED, 430, Optional.empty()));

    @Test
    void the_progress_names_what_failed_and_nothing_that_was_handed_back() throws Exception {
        var progress = new Progress(WORKFLOW);

        assertThat(Printed.by(() -> EVENTS.forEach(progress::on)))
                .containsOnlyOnce("will be tried again")
                .contains("hash[0] failed at attempt 2 and will be tried again: the disk was busy");
    }

    @Test
    void the_timings_are_those_of_attempts_that_were_made() {
        StepTimings hash = StepTimings.of(WORKFLOW, EVENTS).get(1);

        assertThat(hash)
                .isEqualTo(new StepTimings(
                        "hash", 1, 1, Duration.ofMillis(230), Duration.ofMillis(15), Duration.ofMillis(20)));
    }

    private static Event hash(int seq, int attempt, EventType type, int afterMillis, Optional<String> detail) {
        return new Event(
                seq,
                type,
                RUN,
                WORKFLOW.name(),
                1,
                Optional.of("hash"),
                OptionalInt.of(0),
                seq,
                1,
                attempt,
                Optional.of(TaskState.SCHEDULED),
                TaskState.RUNNING,
                BEGIN.plusMillis(afterMillis),
                OptionalLong.of(1),
                Optional.empty(),
                detail);
    }
}
