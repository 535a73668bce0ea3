package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.audit.AuditNote;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.operation.OperationOutcome;
import io.pgflow.operation.Operations;
import io.pgflow.operation.TaskName;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Undo;
import io.pgflow.workflow.UndoHandler;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What steps did is undone, through the library. */
@Tag("adversity")
class UndoTest {

    private static final AuditNote ADA = AuditNote.by("ada", "it is mended");

    @RegisterExtension
    final Engines engines = new Engines();

    private final List<String> undone = new CopyOnWriteArrayList<>();

    @Test
    void a_run_that_fails_is_undone_by_a_run_of_its_own_in_the_reverse_order() throws Exception {
        Workflow<Object, Object> flow = undoable("a -> b -> c", Map.of("c", in -> fail()), this::note);
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = failed(pgflow, flow);

        Run<Void> undo = undoing(pgflow, run);
        undo.await(PATIENCE);

        assertThat(undone).containsExactly("b", "a");
        assertThat(undo.snapshot().workflow()).isEqualTo("flow$undo");
        assertThat(run.snapshot().state()).isEqualTo(RunState.FAILED);
        assertThat(pgflow.executor().operations().undoOf(run.id())).contains(undo.id());
        assertThat(pgflow.executor().undoOf(undo.id())).isEmpty();
    }

    @Test
    void a_run_that_is_cancelled_is_undone() throws Exception {
        var working = new CountDownLatch(1);
        Workflow<Object, Object> flow = undoable(
                "a -> b",
                Map.of("b", in -> {
                    working.countDown();
                    new CountDownLatch(1).await();
                    return null;
                }),
                this::note);
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, 1);
        working.await();
        run.cancel("enough");

        undoing(pgflow, run).await(PATIENCE);

        assertThat(undone).containsExactly("a");
    }

    @Test
    void any_process_that_has_the_handler_undoes() throws Exception {
        Workflow<Object, Object> flow = undoable("a -> b", Map.of("b", in -> fail()), this::note);
        Pgflow starter = engines.start();
        engines.start(flow);

        Run<Object> run = failed(starter, flow);
        undoing(starter, run).await(PATIENCE);

        assertThat(undone).containsExactly("a");
    }

    @Test
    void items_are_undone_one_after_the_other_the_last_one_first() throws Exception {
        StepDefinition each = StepDefinition.of("each", "each").withOver("$input");
        Workflow<Object, Object> flow = Workflow.of(
                WorkflowDefinition.of(
                        "flow",
                        List.of(
                                each.withOptions(each.options()
                                        .withItems(items -> items.withAtOnce(1))
                                        .withUndo(Undo.by("undo"))),
                                StepDefinition.of("last", "fail").withAfter("each"))),
                Object.class,
                Object.class,
                Map.of(
                        "each",
                        in -> in.item().orElseThrow(),
                        "fail",
                        in -> fail(),
                        "undo",
                        TaskHandler.undo(Integer.class, this::note)));
        Pgflow pgflow = engines.start(flow);

        Run<Object> run = pgflow.executor().start(flow, List.of(1, 2, 3));
        undoing(pgflow, run).await(PATIENCE);

        assertThat(undone).containsExactly("3", "2", "1");
    }

    @Test
    void what_fails_for_good_is_left_to_a_person_and_the_run_neither_goes_on_nor_begins_again() throws Exception {
        var mended = new AtomicBoolean();
        Workflow<Object, Object> flow = undoable("a -> b -> c", Map.of("c", in -> fail()), (output, task) -> {
            if (output.equals("b") && !mended.get()) {
                throw new NonRetryableException("no luck");
            }
            note(output, task);
        });
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = failed(pgflow, flow);
        Run<Void> undo = undoing(pgflow, run);
        assertThatThrownBy(() -> undo.await(PATIENCE)).isInstanceOf(RunEndedException.class);

        Operations operations = pgflow.executor().operations();
        assertThat(operations.retry(run.id(), ADA)).isEqualTo(OperationOutcome.UNDOING);
        assertThat(operations.setOutput(TaskName.of(run.id(), "c"), "1", ADA)).isEqualTo(OperationOutcome.UNDOING);
        assertThat(operations.startAgain(run.id(), ADA).outcome()).isEqualTo(OperationOutcome.UNDOING);
        mended.set(true);
        assertThat(operations.retry(undo.id(), ADA)).isEqualTo(OperationOutcome.DONE);
        undo.await(PATIENCE);

        assertThat(undone).containsExactly("b", "a");
        assertThat(operations.rerun(run.id(), "a", ADA)).isEqualTo(OperationOutcome.UNDONE);
        var again = operations.startAgain(run.id(), ADA);
        assertThat(again.outcome()).isEqualTo(OperationOutcome.DONE);
        undoing(pgflow, pgflow.executor().attach(flow, again.runId().orElseThrow()))
                .await(PATIENCE);
    }

    @Test
    void a_name_of_an_undoing_is_no_name_for_a_workflow() {
        String json = "{\"name\":\"flow$undo\",\"steps\":[{\"name\":\"a\",\"handler\":\"a\"}]}";

        assertThatThrownBy(() -> WorkflowDefinition.parse(json))
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("PGF-WFL-001");
        assertThat(WorkflowDefinition.problems(
                        "flow$undo", List.of(StepDefinition.of("a", "a")), Optional.empty(), Optional.empty()))
                .hasSize(1);
        assertThat(WorkflowDefinition.stored(json).name()).isEqualTo("flow$undo");
    }

    /** Each step of that text gives its name and is undone, with the same handler. */
    private static Workflow<Object, Object> undoable(
            String text, Map<String, TaskHandler> code, UndoHandler<Object> undo) {
        Flow flow = Flow.of("flow", text);
        for (String step : List.of("a", "b", "c")) {
            flow.options(step, options -> options.withUndo(Undo.by("undo")));
        }
        code.forEach(flow::step);
        Workflow<Object, Object> written = flow.untyped();
        var handlers = new HashMap<>(written.handlers());
        handlers.put("undo", TaskHandler.undo(Object.class, undo));
        return Workflow.of(written.definition(), Object.class, Object.class, handlers);
    }

    private void note(Object output, Object task) {
        undone.add(String.valueOf(output));
    }

    private static Run<Object> failed(Pgflow pgflow, Workflow<Object, Object> flow) {
        Run<Object> run = pgflow.executor().start(flow, 1);
        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOf(RunEndedException.class);
        return run;
    }

    private static Run<Void> undoing(Pgflow pgflow, Run<?> run) {
        return await().atMost(PATIENCE)
                .until(() -> pgflow.executor().undoOf(run.id()), Optional::isPresent)
                .orElseThrow();
    }

    private static String fail() {
        throw new NonRetryableException("no luck");
    }
}
