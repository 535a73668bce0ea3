package io.pgflow.dsl;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.handler;
import static io.pgflow.dsl.FlowBuilder.over;
import static io.pgflow.dsl.FlowBuilder.overInput;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgflow.testing.FixedTask;
import io.pgflow.workflow.GenericType;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class FlowBuilderTest {

    static final StepKey<List<Integer>> SPLIT = StepKey.listOf("split", Integer.class);
    static final StepKey<List<Integer>> SQUARES = StepKey.listOf("squares", Integer.class);
    static final StepKey<Integer> SUM = StepKey.of("sum", Integer.class);
    static final StepKey<String> TEXT = StepKey.of("text", String.class);

    private final Workflow<String, String> flow = FlowBuilder.workflow("numbers", String.class)
            .step(SPLIT, in -> List.of(in.input().length(), 2))
            .map(SQUARES, over(SPLIT), item -> item * item)
            .step(
                    SUM,
                    after(SQUARES),
                    in -> in.output(SQUARES).stream().mapToInt(i -> i).sum())
            .step(TEXT, after(SUM, SPLIT), in -> in.input() + in.output(SUM) + in.output(SPLIT))
            .returns(TEXT);

    @Test
    void transactional_steps_are_steps_like_others_whose_code_gets_a_connection() {
        StepKey<List<String>> lines = StepKey.listOf("lines", String.class);
        StepKey<List<Integer>> booked = StepKey.listOf("booked", Integer.class);
        var flow = FlowBuilder.workflow("books", String.class)
                .transactional(lines, (in, connection) -> List.of(in.input(), String.valueOf(connection)))
                .transactionalMap(booked, FlowBuilder.over(lines), (line, in, connection) -> line.length())
                .build();

        assertThat(flow.handlers().values()).allMatch(TaskHandler::isTransactional);
        assertThat(flow.toJson())
                .isEqualTo("{\"name\":\"books\",\"steps\":[{\"name\":\"lines\",\"handler\":\"books.lines\"},"
                        + "{\"name\":\"booked\",\"handler\":\"books.booked\",\"over\":\"lines\"}]}");
    }

    @Test
    void the_code_behind_each_step_reads_and_gives_json() throws Exception {
        assertThat(run(FixedTask.of("numbers", step("split"), "\"abc\""))).isEqualTo("[3,2]");
        assertThat(run(FixedTask.of("numbers", step("squares"), "\"abc\"").withItem("3")))
                .isEqualTo("9");
        assertThat(run(FixedTask.of("numbers", step("sum"), "\"abc\"").withOutput("squares", "[9,4]")))
                .isEqualTo("13");
        assertThat(run(FixedTask.of("numbers", step("text"), "\"abc\"")
                        .withOutput("sum", "13")
                        .withOutput("split", "[3,2]")))
                .isEqualTo("\"abc13[3, 2]\"");
    }

    @Test
    void a_deferred_step_gives_its_token_away_and_its_type_is_that_of_the_answer() throws Exception {
        List<String> tokens = new ArrayList<>();
        Patience hour = Patience.within(Duration.ofHours(1));
        Workflow<String, Integer> asking = FlowBuilder.workflow("asking", String.class)
                .deferred(
                        SUM, after().maxAttempts(2), hour, (in, deferral) -> tokens.add(in.input() + deferral.token()))
                .returns(SUM);

        FixedTask task = FixedTask.of("asking", asking.definition().step("sum").orElseThrow(), "\"a \"");

        assertThat(task.run(asking)).isEqualTo("null");
        assertThat(tokens).containsExactly("a token_of_sum");
    }

    @Test
    void the_workflow_knows_its_types_and_its_handlers() {
        assertThat(flow.inputType()).isEqualTo(String.class);
        assertThat(flow.outputType()).isEqualTo(String.class);
        assertThat(flow.handlers()).containsOnlyKeys("numbers.split", "numbers.squares", "numbers.sum", "numbers.text");
        assertThat(FlowBuilder.workflow("a", String.class)
                        .step(SUM, in -> 1)
                        .build()
                        .outputType())
                .isEqualTo(Void.class);
    }

    @Test
    void steps_may_be_written_in_any_order() {
        Workflow<String, String> other = FlowBuilder.workflow("numbers", String.class)
                .step(TEXT, after(SPLIT, SUM), in -> "")
                .step(SUM, after(SQUARES), in -> 1)
                .map(SQUARES, over(SPLIT), item -> 1)
                .step(SPLIT, in -> List.of())
                .returns(TEXT);

        assertThat(other.definition()).isEqualTo(flow.definition());
    }

    @Test
    void options_are_given_to_a_step_or_to_all_that_follow() {
        Workflow<String, Void> options = FlowBuilder.workflow("options", String.class)
                .step(SUM, in -> 1)
                .maxAttempts(5)
                .timeout(Duration.ofSeconds(30))
                .queue("slow")
                .step(TEXT, after(SUM).maxAttempts(7).retryDelay(Duration.ofMillis(20)), in -> "")
                .map(SQUARES, over(SPLIT).after(SUM).retryJitter(0).maxRetryDelay(Duration.ofSeconds(2)), item -> 1)
                .step(SPLIT, after(), in -> List.of())
                .build();

        assertThat(options.toJson()).isEqualTo("""
                {"name":"options","steps":[\
                {"name":"split","handler":"options.split","queue":"slow","maxAttempts":5,"timeout":"PT30S"},\
                {"name":"sum","handler":"options.sum"},\
                {"name":"squares","handler":"options.squares","after":["sum"],"over":"split","queue":"slow",\
                "maxAttempts":5,"timeout":"PT30S","maxRetryDelay":"PT2S","retryJitter":0.0},\
                {"name":"text","handler":"options.text","after":["sum"],"queue":"slow","maxAttempts":7,\
                "timeout":"PT30S","retryDelay":"PT0.02S"}]}""");
    }

    @Test
    void a_map_over_the_input_reads_a_list() throws Exception {
        Workflow<List<Integer>, List<Integer>> map = FlowBuilder.workflowOver("maps", Integer.class)
                .map(
                        SQUARES,
                        overInput(Integer.class),
                        (item, in) -> item * in.input().size())
                .returns(SQUARES);

        assertThat(map.inputType()).isEqualTo(GenericType.listOf(Integer.class));
        assertThat(map.definition().steps().get(0).over()).contains("$input");
        FixedTask task =
                FixedTask.of("maps", map.definition().steps().get(0), "[5,6]").withItem("5");
        assertThat(task.run(map)).isEqualTo("10");
    }

    @Test
    void a_dependency_that_is_no_step_of_the_workflow_is_a_problem() {
        assertThat(problems(() -> FlowBuilder.workflow("flow", String.class)
                        .step(TEXT, after(SUM), in -> "")
                        .returns(SPLIT)))
                .containsExactly("PGF-WFL-006 steps[0] \"text\".after[0]", "PGF-WFL-011 returns");
    }

    @Test
    void two_keys_of_one_name_and_different_types_are_a_problem() {
        assertThat(problems(() -> FlowBuilder.workflow("flow", String.class)
                        .step(SUM, in -> 1)
                        .step(TEXT, after(StepKey.of("sum", String.class)), in -> "")
                        .build()))
                .containsExactly("PGF-WFL-022 step \"sum\"");
    }

    @Test
    void a_workflow_made_at_run_time_says_the_same_words_on_names() {
        Workflow<Object, Object> runtime = FlowBuilder.runtime("numbers")
                .step("split", handler("numbers.split"))
                .map("squares", handler("numbers.squares").over("split"))
                .step("sum", handler("numbers.sum").after("squares"))
                .step("text", handler("numbers.text").after("sum").after("split"))
                .returns("text");

        assertThat(runtime.definition()).isEqualTo(flow.definition());
        assertThat(JsonFlow.read(flow.toJson()).definition()).isEqualTo(flow.definition());
        assertThat(runtime.handlers()).isEmpty();
    }

    @Test
    void options_and_templates_can_be_said_at_run_time_too() {
        Workflow<Object, Object> runtime = FlowBuilder.runtime("thumbs")
                .maxAttempts(2)
                .map("all", handler("image.thumb").overInput().input("{\"of\": {\"$from\": \"$item\"}}"))
                .build();

        assertThat(runtime.toJson())
                .isEqualTo("{\"name\":\"thumbs\",\"steps\":[{\"name\":\"all\","
                        + "\"handler\":\"image.thumb\",\"over\":\"$input\",\"maxAttempts\":2,"
                        + "\"input\":{\"of\":{\"$from\":\"$item\"}}}]}");
    }

    @Test
    void a_map_says_what_it_maps_over_and_a_plain_step_does_not() {
        assertThat(problems(() -> FlowBuilder.runtime("flow")
                        .step("a", handler("h"))
                        .map("b", handler("h"))
                        .step("c", handler("h").over("a"))
                        .build()))
                .containsExactly("PGF-WFL-010 steps[1] \"b\".over", "PGF-WFL-010 steps[2] \"c\".over");
    }

    private StepDefinition step(String name) {
        return flow.definition().step(name).orElseThrow();
    }

    private String run(FixedTask task) throws Exception {
        return task.run(flow);
    }

    private static List<String> problems(ThrowingCallable build) {
        return catchThrowableOfType(InvalidWorkflowException.class, build).problems().stream()
                .map((Problem problem) -> problem.code() + " " + problem.place())
                .toList();
    }
}
