package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.audit.AuditNote;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.operation.NewRun;
import io.pgflow.operation.OperationOutcome;
import io.pgflow.operation.Operations;
import io.pgflow.operation.TaskName;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a person does with runs after they were started. */
@Tag("adversity")
class OperationsTest {

    private static final AuditNote NOTE = AuditNote.by("ada", "the printer is mended");

    @RegisterExtension
    final Engines engines = new Engines();

    private final AtomicBoolean printerWorks = new AtomicBoolean();
    private final AtomicInteger reserved = new AtomicInteger();

    private final Workflow<Object, Object> order = Flow.of("order", "reserve -> labels* -> letter")
            .step("reserve", in -> {
                reserved.incrementAndGet();
                return in.runInput();
            })
            .step("labels", in -> {
                if (!printerWorks.get() && "2".equals(in.item().orElseThrow())) {
                    throw new IllegalStateException("the printer burns");
                }
                return in.item().orElseThrow();
            })
            .step("letter", in -> in.output("labels"))
            .returns("letter")
            .untyped();

    @Test
    void a_failed_run_is_retried_and_ends_with_the_output_of_both_generations() throws Exception {
        Pgflow pgflow = engines.start(order);
        Run<Object> run = failed(pgflow);
        UUID runId = run.id();
        printerWorks.set(true);

        // region mend
        Operations operations = pgflow.executor().operations();
        AuditNote mended = AuditNote.by("ada", "the printer is mended");
        OperationOutcome outcome = operations.retry(runId, mended);
        // endregion

        assertThat(outcome).isEqualTo(OperationOutcome.DONE);

        assertThat(run.await(PATIENCE)).isEqualTo(List.of(1, 2, 3));
        assertThat(reserved).hasValue(1);
        assertThat(operations.retry(List.of(run.id(), UUID.randomUUID()), NOTE))
                .containsExactly(OperationOutcome.SUCCEEDED, OperationOutcome.UNKNOWN);
        assertThat(pgflow.executor().events(run.id()))
                .filteredOn(event -> event.step().isEmpty() && event.actor().isPresent())
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.generation()).isEqualTo(2);
                    assertThat(event.actor()).hasValue("ada");
                    assertThat(event.detail().orElseThrow()).contains("the printer is mended");
                });
    }

    @Test
    void a_step_of_a_finished_run_is_rerun_with_all_that_comes_after_it() throws Exception {
        printerWorks.set(true);
        Pgflow pgflow = engines.start(order);
        Run<Object> run = pgflow.executor().start(order, List.of(1, 2, 3));
        run.await(PATIENCE);

        assertThat(pgflow.executor().operations().rerun(run.id(), "reserve", NOTE))
                .isEqualTo(OperationOutcome.DONE);

        assertThat(run.await(PATIENCE)).isEqualTo(List.of(1, 2, 3));
        assertThat(reserved).hasValue(2);
    }

    @Test
    void an_output_given_by_hand_stands_for_a_failed_item_and_its_run_goes_on() throws Exception {
        Pgflow pgflow = engines.start(order);
        Run<Object> run = failed(pgflow);
        TaskName item = TaskName.of(run.id(), "labels").item(1);

        assertThat(pgflow.executor().operations().setOutput(item, "20", NOTE)).isEqualTo(OperationOutcome.DONE);

        assertThat(run.await(PATIENCE)).isEqualTo(List.of(1, 20, 3));
        assertThat(pgflow.executor().operations().setOutput(item, "21", NOTE)).isEqualTo(OperationOutcome.SUCCEEDED);
    }

    @Test
    void a_failed_item_is_skipped_and_reads_as_null() throws Exception {
        Pgflow pgflow = engines.start(order);
        Run<Object> run = failed(pgflow);
        TaskName item = TaskName.of(run.id(), "labels").item(1);

        assertThat(pgflow.executor().operations().skip(item, NOTE)).isEqualTo(OperationOutcome.DONE);

        assertThat(String.valueOf(run.await(PATIENCE))).isEqualTo("[1, null, 3]");
        assertThat(pgflow.executor().operations().skip(item, NOTE)).isEqualTo(OperationOutcome.SKIPPED);
    }

    @Test
    void an_output_that_is_no_json_is_refused_and_changes_nothing() {
        Pgflow pgflow = engines.start();
        TaskName task = TaskName.of(UUID.randomUUID(), "labels");

        assertThatThrownBy(() -> pgflow.executor().operations().setOutput(task, "{", NOTE))
                .isInstanceOf(InvalidPayloadException.class);
        assertThat(pgflow.executor().operations().setOutput(task, "{}", NOTE)).isEqualTo(OperationOutcome.UNKNOWN);
    }

    @Test
    void a_run_is_started_again_with_another_input() throws Exception {
        Pgflow pgflow = engines.start(order);
        Run<Object> run = failed(pgflow);

        NewRun again = pgflow.executor().operations().startAgain(run.id(), "[1, 5]", NOTE);

        assertThat(again.outcome()).isEqualTo(OperationOutcome.DONE);
        UUID fresh = again.runId().orElseThrow();
        assertThat(pgflow.executor().attach(order, fresh).await(PATIENCE)).isEqualTo(List.of(1, 5));
        assertThat(run.snapshot().state()).isEqualTo(RunState.FAILED);
        assertThat(pgflow.executor().operations().startAgain(UUID.randomUUID(), NOTE))
                .isEqualTo(new NewRun(OperationOutcome.UNKNOWN, Optional.empty()));
    }

    @Test
    void who_asks_says_who_and_why() {
        assertThatThrownBy(() -> AuditNote.by("ada", "\u0000")).hasMessageContaining("the reason");
        assertThatThrownBy(() -> AuditNote.by(" ", "why")).hasMessageContaining("the actor");
        assertThatThrownBy(() -> AuditNote.by("ada", "")).hasMessageContaining("the reason");
    }

    private Run<Object> failed(Pgflow pgflow) {
        Run<Object> run = pgflow.executor().start(order, List.of(1, 2, 3));
        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOf(RunEndedException.class);
        assertThat(pgflow.executor().tasks(run.id()))
                .filteredOn(task -> task.state() == TaskState.FAILED)
                .hasSize(1);
        return run;
    }
}
