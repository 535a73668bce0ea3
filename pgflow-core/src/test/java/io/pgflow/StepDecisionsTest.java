package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.testing.Gauge;
import io.pgflow.workflow.Condition;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.OnFailure;
import io.pgflow.workflow.Otherwise;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whether a step runs, and what follows when it cannot: decided in the database, seen through the library. */
@Tag("adversity")
class StepDecisionsTest {

    private static final TaskHandler NO_LUCK = in -> {
        throw new NonRetryableException("no luck");
    };

    @RegisterExtension
    final Engines engines = new Engines();

    @Test
    void a_step_runs_only_in_runs_for_which_its_condition_holds() throws Exception {
        Workflow<Object, Object> order = Flow.of("order", "price -> discount -> total")
                .step("price", in -> in.runInput())
                .step("discount", in -> "1")
                .step("total", in -> in.output("discount"))
                .options(
                        "discount",
                        all -> all.withWhen(Condition.output("price", "/cents").atLeast(100)))
                .returns("total")
                .untyped();
        Pgflow pgflow = engines.start(order);

        assertThat(pgflow.executor().start(order, Map.of("cents", 100)).await(PATIENCE))
                .isEqualTo(1);
        assertThat(pgflow.executor().start(order, Map.of("cents", 99)).await(PATIENCE))
                .isNull();
    }

    @Test
    void what_comes_after_a_step_can_be_skipped_with_it() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "a -> b -> c; a -> d")
                .options(
                        "b",
                        all -> all.withWhen(Condition.input("")
                                        .exists()
                                        .and(Condition.input("/vip").equalTo(true)))
                                .withOtherwise(Otherwise.SKIP_BRANCH))
                .untyped();
        Pgflow pgflow = engines.start(flow);

        Run<Object> run = pgflow.executor().start(flow, Map.of("vip", false));
        run.await(PATIENCE);

        assertThat(states(pgflow, run))
                .containsExactlyInAnyOrder("a SUCCEEDED", "b SKIPPED", "d SUCCEEDED", "c SKIPPED");
    }

    @Test
    void a_condition_that_must_hold_fails_the_run_and_says_so() {
        Workflow<Object, Object> flow = Flow.of("flow", "a")
                .options(
                        "a",
                        all -> all.withWhen(Condition.input("/ready").exists()).withOtherwise(Otherwise.FAIL))
                .untyped();

        Run<Object> run = engines.start(flow).executor().start(flow, Map.of());

        assertThatThrownBy(() -> run.await(PATIENCE))
                .isInstanceOfSatisfying(
                        RunEndedException.class,
                        e -> assertThat(e.errorJson().orElseThrow()).contains("PGF-RUN-012"));
    }

    @Test
    void a_step_that_fails_for_good_can_be_skipped_or_fall_back() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "a, b -> sum")
                .step("a", NO_LUCK)
                .step("b", NO_LUCK)
                .step("sum", in -> "[" + in.output("a") + ", " + in.output("b") + "]")
                .options("a", all -> all.withOnFailure(OnFailure.SKIP))
                .options("b", all -> all.withOnFailure(OnFailure.fallBackTo(Map.of("cents", 0))))
                .returns("sum")
                .untyped();
        Pgflow pgflow = engines.start(flow);

        Run<Object> run = pgflow.executor().start(flow, null);

        assertThat(String.valueOf(run.await(PATIENCE))).isEqualTo("[null, {cents=0}]");
        assertThat(states(pgflow, run)).containsExactly("a SKIPPED", "b SUCCEEDED", "sum SUCCEEDED");
    }

    @Test
    void a_map_that_collects_goes_on_with_outputs_and_errors() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "$input -> each*")
                .step("each", in -> {
                    if (in.item().orElseThrow().equals("2")) {
                        throw new NonRetryableException("odd are welcome");
                    }
                    return in.item().orElseThrow();
                })
                .options("each", all -> all.withItems(items -> items.withCollect(true)))
                .returns("each")
                .untyped();

        Object output =
                engines.start(flow).executor().start(flow, List.of(1, 2, 3)).await(PATIENCE);

        assertThat(String.valueOf(output)).contains("outputs=[1, null, 3]", "item=1", "odd are welcome");
    }

    @Test
    void no_more_items_are_on_their_way_at_once_than_the_step_allows() throws Exception {
        var gauge = new Gauge();
        Workflow<Object, Object> flow = Flow.of("flow", "$input -> each*")
                .step("each", in -> {
                    gauge.pass();
                    return "1";
                })
                .options("each", all -> all.withItems(items -> items.withAtOnce(3)))
                .returns("each")
                .untyped();

        Workflow<Object, Object> other = Flow.of("other", "a").returns("a").untyped();
        Pgflow pgflow = engines.start(flow, other);
        Run<Object> run =
                pgflow.executor().start(flow, IntStream.range(0, 40).boxed().toList());
        gauge.awaitInside(3);
        pgflow.executor().start(other, 1).await(PATIENCE);
        gauge.open();

        assertThat(run.await(PATIENCE))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .hasSize(40);
        assertThat(gauge.most()).isEqualTo(3);
    }

    private static List<String> states(Pgflow pgflow, Run<?> run) {
        return pgflow.executor().tasks(run.id()).stream()
                .map(task -> task.step() + " " + task.state())
                .toList();
    }
}
