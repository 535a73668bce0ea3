package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Executor;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.TaskSnapshot;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From the first step to the run's output, when nothing goes wrong. */
@Tag("adversity")
class StepsTest {

    private static final StepKey<Point> MIDDLE = StepKey.of("middle", Point.class);
    private static final StepKey<List<Point>> MOVED = StepKey.listOf("moved", Point.class);

    @RegisterExtension
    final Engines engines = new Engines();

    record Point(int x, int y) {}

    @Test
    void a_run_goes_through_its_steps_and_gives_their_result() throws Exception {
        Workflow<String, String> greet = Flow.of("greet", "name -> greeting")
                .step("name", in -> in.runInput())
                .step("greeting", in -> "\"hello " + in.output("name").substring(1))
                .returns("greeting")
                .typed(String.class, String.class);
        Pgflow pgflow = engines.start(greet);

        var run = pgflow.executor().start(greet, "world");

        assertThat(run.await(PATIENCE)).isEqualTo("hello world");
        assertThat(run.snapshot().state()).isEqualTo(RunState.SUCCEEDED);
        assertThat(run.snapshot().input()).isEqualTo("\"world\"");
        assertThat(run.snapshot().output()).contains("\"hello world\"");
        assertThat(run.snapshot().endedAt()).isPresent();
        assertThat(states(pgflow, run.id())).containsOnly(TaskState.SUCCEEDED);
    }

    @Test
    void a_workflow_that_returns_nothing_gives_null() throws Exception {
        Workflow<String, Void> quiet = Flow.of("quiet", "a -> b").typed(String.class, Void.class);

        assertThat(engines.start(quiet).executor().start(quiet, "x").await(PATIENCE))
                .isNull();
    }

    @Test
    void branches_run_at_the_same_time_and_the_join_after_both() throws Exception {
        var meet = new CyclicBarrier(2);
        TaskHandler branch = in -> String.valueOf(meet.await(30, TimeUnit.SECONDS));
        Workflow<Object, Object> diamond = Flow.of("diamond", "root -> left, right -> join")
                .step("left", branch)
                .step("right", branch)
                .step("join", in -> "[" + in.output("left") + "," + in.output("right") + "]")
                .returns("join")
                .untyped();

        Object output = engines.start(diamond).executor().start(diamond, null).await(PATIENCE);

        assertThat((List<?>) output).map(Object::toString).containsExactlyInAnyOrder("0", "1");
    }

    @Test
    void a_wide_join_runs_once_after_all_of_its_parents() throws Exception {
        String parents =
                String.join(", ", IntStream.range(0, 60).mapToObj(i -> "p" + i).toList());
        Workflow<Object, Object> wide = Flow.of("wide", "root -> " + parents + " -> join")
                .step(
                        "join",
                        in -> String.valueOf(IntStream.range(0, 60)
                                .filter(i -> in.output("p" + i).equals("\"p" + i + "\""))
                                .count()))
                .returns("join")
                .untyped();
        Pgflow pgflow = engines.start(wide);

        var runs = pgflow.executor().startAll(wide, List.of(1, 2, 3), StartOptions.none());

        for (var run : runs) {
            assertThat(run.await(PATIENCE)).hasToString("60");
        }
    }

    @Test
    void a_map_over_the_input_gives_the_outputs_in_the_order_of_the_items() throws Exception {
        Workflow<Object, Object> upper = Flow.of("upper", "$input -> each* -> all")
                .step("each", in -> in.item().orElseThrow().toUpperCase(Locale.ROOT))
                .step("all", in -> in.output("each"))
                .returns("all")
                .untyped();
        Pgflow pgflow = engines.start(upper);

        var run = pgflow.executor().start(upper, List.of("a", "b", "c", "d", "e"));

        assertThat(run.await(PATIENCE)).isEqualTo(List.of("A", "B", "C", "D", "E"));
        List<TaskSnapshot> tasks = pgflow.executor().tasks(run.id());
        assertThat(tasks).filteredOn(TaskSnapshot::map).hasSize(1);
        assertThat(tasks)
                .filteredOn(task -> task.itemIndex().isPresent())
                .extracting(task -> task.itemIndex().getAsInt())
                .containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void null_zero_false_and_the_empty_string_are_items_and_outputs_like_others() throws Exception {
        Workflow<Object, Object> same = Flow.of("same", "list -> each* -> all")
                .step("list", in -> in.runInput())
                .step("each", in -> in.item().orElseThrow())
                .step("all", in -> in.output("each"))
                .returns("all")
                .untyped();
        List<Object> items = Arrays.asList(null, 0, false, "", List.of(), 1);

        assertThat(engines.start(same).executor().start(same, items).await(PATIENCE))
                .isEqualTo(items);
    }

    @Test
    void a_map_over_an_empty_array_gives_an_empty_array() throws Exception {
        Workflow<Object, Object> none = Flow.of("none", "$input -> first* -> second* -> all")
                .step("first", in -> in.item().orElseThrow())
                .step("second", in -> in.item().orElseThrow())
                .step("all", in -> in.output("second"))
                .returns("all")
                .untyped();

        assertThat(engines.start(none).executor().start(none, List.of()).await(PATIENCE))
                .isEqualTo(List.of());
    }

    @Test
    void a_map_over_a_map_keeps_the_order() throws Exception {
        Workflow<Object, Object> twice = Flow.of("twice", "$input -> first* -> second* -> sum")
                .step("first", in -> number(in.item().orElseThrow(), 1))
                .step("second", in -> number(in.item().orElseThrow(), 10))
                .step("sum", in -> in.output("second"))
                .returns("sum")
                .untyped();

        assertThat(engines.start(twice)
                        .executor()
                        .start(twice, List.of(1, 2, 3))
                        .await(PATIENCE))
                .isEqualTo(List.of(12, 13, 14));
    }

    @Test
    void a_map_of_ten_thousand_items_gives_them_all() throws Exception {
        Workflow<Object, Object> many = Flow.of("many", "$input -> each* -> all")
                .step("each", in -> number(in.item().orElseThrow(), 1))
                .step("all", in -> in.output("each"))
                .returns("all")
                .untyped();
        List<Integer> items = IntStream.range(0, 10_000).boxed().toList();

        Object output = engines.start(Engines.settings().concurrency(500), many)
                .executor()
                .start(many, items)
                .await(PATIENCE);

        assertThat(output).isEqualTo(IntStream.rangeClosed(1, 10_000).boxed().toList());
    }

    @Test
    void inputs_and_outputs_have_the_types_that_the_steps_say() throws Exception {
        Workflow<Point, Point> typed = Flow.of("typed", "corners, middle -> moved; corners -> moved*; moved -> first")
                .step(
                        "corners",
                        TaskHandler.of(Point.class, MOVED.type(), in -> List.of(new Point(0, 0), (Point) in.input())))
                .step("middle", TaskHandler.of(Point.class, Point.class, in -> {
                    var corner = (Point) in.input();
                    return new Point(corner.x() / 2, corner.y() / 2);
                }))
                .step(
                        "moved",
                        TaskHandler.<Point, Point, Point>ofItem(Point.class, Point.class, Point.class, (point, in) -> {
                            Point middle = in.output(MIDDLE);
                            Point input = in.input();
                            return new Point(point.x() + middle.x() + input.x(), point.y() + middle.y());
                        }))
                .step(
                        "first",
                        TaskHandler.of(
                                Point.class, Point.class, in -> in.output(MOVED).get(1)))
                .returns("first")
                .typed(Point.class, Point.class);

        assertThat(engines.start(typed).executor().start(typed, new Point(4, 6)).await(PATIENCE))
                .isEqualTo(new Point(4 + 2 + 4, 6 + 3));
    }

    @Test
    void a_handler_may_return_null() throws Exception {
        Workflow<Object, Object> nothing = Flow.of("nothing", "raw, typed -> last")
                .step("raw", in -> null)
                .step("typed", TaskHandler.of(Object.class, String.class, in -> null))
                .step("last", in -> "[" + in.output("raw") + "," + in.output("typed") + "]")
                .returns("last")
                .untyped();

        assertThat(engines.start(nothing).executor().start(nothing, null).await(PATIENCE))
                .isEqualTo(Arrays.asList(null, null));
    }

    @Test
    void an_item_reads_the_run_input_and_what_other_parents_gave() throws Exception {
        Workflow<Object, Object> reading = Flow.of("reading", "list, other -> each; list -> each*; each -> all")
                .step("list", in -> "[1,2]")
                .step(
                        "each",
                        in -> "[" + in.runInput() + "," + in.output("other") + ","
                                + in.item().orElseThrow() + ","
                                + in.context().itemIndex().getAsInt() + "]")
                .step("all", in -> in.output("each"))
                .returns("all")
                .untyped();

        assertThat(engines.start(reading).executor().start(reading, "in").await(PATIENCE))
                .isEqualTo(List.of(List.of("in", "other", 1, 0), List.of("in", "other", 2, 1)));
    }

    @Test
    void a_map_over_something_that_is_no_array_fails_the_run_with_a_code() throws Exception {
        Workflow<Object, Object> odd =
                Flow.of("odd", "list -> each*").step("list", in -> "{\"a\":1}").untyped();
        Pgflow pgflow = engines.start(odd);

        var run = pgflow.executor().start(odd, null);

        assertThatThrownBy(() -> run.await(PATIENCE))
                .hasMessageContaining("PGF-RUN-001")
                .hasMessageContaining("PGF-DAT-010")
                .hasMessageContaining("each");
    }

    @Test
    void a_handler_knows_which_task_it_works_on() throws Exception {
        var seen = new ArrayList<String>();
        Workflow<Object, Object> known = Flow.of("known", "work")
                .step("work", in -> {
                    var task = in.context();
                    seen.add(task.workflow() + " " + task.step() + " " + task.attempt() + " " + task.isCancelled() + " "
                            + task.itemIndex().isPresent());
                    return "\"" + task.runId() + "\"";
                })
                .returns("work")
                .untyped();

        Executor executor = engines.start(known).executor();
        var run = executor.start(known, null);

        assertThat(run.await(PATIENCE)).isEqualTo(run.id().toString());
        int attempt = executor.tasks(run.id()).get(0).attempts();
        assertThat(seen).containsExactly("known work " + attempt + " false false");
    }

    @Test
    void what_a_run_returns_is_there_when_its_last_step_has_not_ended() throws Exception {
        var goOn = new CountDownLatch(1);
        Workflow<Object, Object> late = Flow.of("late", "first -> result, slow")
                .step("slow", in -> String.valueOf(goOn.await(30, TimeUnit.SECONDS)))
                .returns("result")
                .untyped();
        Pgflow pgflow = engines.start(late);

        var run = pgflow.executor().start(late, null);
        await().atMost(PATIENCE).until(() -> state(pgflow, run.id(), "result") == TaskState.SUCCEEDED);

        assertThat(run.snapshot().state()).isEqualTo(RunState.RUNNING);
        assertThat(run.snapshot().output()).contains("\"result\"");
        goOn.countDown();
        assertThat(run.await(PATIENCE)).isEqualTo("result");
    }

    private static String number(String json, int plus) {
        return String.valueOf(Integer.parseInt(json) + plus);
    }

    private static List<TaskState> states(Pgflow pgflow, UUID run) {
        return pgflow.executor().tasks(run).stream().map(TaskSnapshot::state).toList();
    }

    private static TaskState state(Pgflow pgflow, UUID run, String step) {
        return pgflow.executor().tasks(run).stream()
                .filter(task -> task.step().equals(step))
                .findFirst()
                .orElseThrow()
                .state();
    }
}
