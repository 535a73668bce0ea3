package io.pgflow.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.groups.Tuple.tuple;

import io.pgflow.testing.FlowText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a workflow made in Java is said at once, with a code, the place and a suggestion. */
class ProblemsTest {

    @Test
    void all_problems_are_reported_at_once_in_the_order_of_the_definition() {
        StepDefinition reserve =
                StepDefinition.of("reserve", "checkout.reserve").withAfter("reserve");
        StepDefinition charge =
                StepDefinition.of("charge", "checkout.charge").withAfter("reserv", "reserve", "reserve");
        StepDefinition again = StepDefinition.of("charge", "Checkout");

        InvalidWorkflowException refused = catchThrowableOfType(
                InvalidWorkflowException.class,
                () -> new WorkflowDefinition("Shop", List.of(reserve, charge, again), Optional.of("chrage")));

        assertThat(refused.problems())
                .extracting(Problem::code, Problem::place)
                .containsExactly(
                        tuple("PGF-WFL-001", "name"),
                        tuple("PGF-WFL-005", "steps[2] \"charge\".name"),
                        tuple("PGF-WFL-008", "steps[0] \"reserve\".after[0]"),
                        tuple("PGF-WFL-006", "steps[1] \"charge\".after[0]"),
                        tuple("PGF-WFL-007", "steps[1] \"charge\".after[2]"),
                        tuple("PGF-WFL-012", "steps[2] \"charge\".handler"),
                        tuple("PGF-WFL-011", "returns"));
        assertThat(refused.code()).isEqualTo("PGF-WFL-001");
        assertThat(refused).hasMessageContaining("7 problems").hasMessageContaining("did you mean \"reserve\"?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", "1a", "a-b", "a b", "ä", "a.b", "_a", "a\n"})
    void a_bad_name_is_a_problem(String name) {
        assertThat(codes(List.of(StepDefinition.of(name, "h")))).containsExactly("PGF-WFL-001");
    }

    @Test
    void a_bad_name_is_mended_where_that_can_be_guessed() {
        assertThat(problems(List.of(StepDefinition.of("2 Check-Out", "h"))))
                .singleElement()
                .hasToString(
                        "PGF-WFL-001 at steps[0] \"2 Check-Out\".name: \"2 Check-Out\" is no name for a step: a name is a small letter,"
                                + " then up to 39 small letters, digits and underscores; did you mean \"check_out\"?");
        assertThat(DidYouMean.name("a".repeat(41))).isEmpty();
        assertThat(DidYouMean.name("42")).isEmpty();
    }

    @Test
    void a_name_has_at_most_40_characters() {
        String longest = "a".repeat(40);

        assertThat(codes(List.of(StepDefinition.of(longest, longest)))).isEmpty();
        assertThat(codes(List.of(StepDefinition.of(longest + "a", longest)))).containsExactly("PGF-WFL-001");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".a", "a.", "a..b", "A.b", "a.b.c.d.e", "a/b"})
    void a_bad_handler_name_is_a_problem(String handler) {
        assertThat(codes(List.of(StepDefinition.of("a", handler)))).containsExactly("PGF-WFL-012");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"tomorrow\"",
                "\"P1M\"",
                "\"PT-1S\"",
                "\"P3651D\"",
                "\"2026-01-31T08:00:00\"",
                "\"2026-01-31T08:00:00+01:00:30\"",
                "7",
                "null",
                "{",
                "\"P\""
            })
    void a_sleep_without_an_end_is_a_problem(String until) {
        assertThat(codes(List.of(StepDefinition.of("a", new Action.Sleep(until)))))
                .containsExactly("PGF-WFL-026");
    }

    @Test
    void a_sleep_reads_only_what_its_step_comes_after() {
        StepDefinition other = StepDefinition.of("other", "h");
        StepDefinition nap = StepDefinition.of("nap", Action.Sleep.until(Condition.output("other", "/until")));

        assertThat(codes(List.of(other, nap))).containsExactly("PGF-WFL-016");
        assertThat(codes(List.of(other, nap.withAfter("other")))).isEmpty();
    }

    @Test
    void a_wait_for_a_signal_has_a_name_and_ends_or_not() {
        Action.AwaitSignal paid = Action.AwaitSignal.of("paid");

        assertThat(codes(List.of(StepDefinition.of("a", paid)))).isEmpty();
        assertThat(codes(List.of(StepDefinition.of("a", paid.within(Duration.ofDays(3650))))))
                .isEmpty();
        assertThat(codes(List.of(StepDefinition.of("a", paid.within(Duration.ofDays(3651))))))
                .containsExactly("PGF-WFL-026");
        assertThat(codes(List.of(StepDefinition.of("a", paid.within(Duration.ZERO)))))
                .containsExactly("PGF-WFL-026");
        assertThat(codes(List.of(StepDefinition.of("a", Action.AwaitSignal.of("Paid")))))
                .containsExactly("PGF-WFL-001");
    }

    @Test
    void a_question_that_could_never_be_decided_is_a_problem() {
        Approval good = Approval.question("May it?").roles("a").within(Duration.ofDays(1));

        assertThat(approval(
                        good.escalatesTo(Escalation.toRoles("b")).quorum(100).fourEyes()))
                .isEmpty();
        assertThat(approval(Approval.question(" "))).containsExactly("PGF-WFL-027");
        assertThat(approval(good.choices("yes"))).containsExactly("PGF-WFL-027");
        assertThat(approval(good.choices("yes", "yes"))).containsExactly("PGF-WFL-027");
        assertThat(approval(good.roles())).containsExactly("PGF-WFL-027");
        assertThat(approval(good.quorum(0))).containsExactly("PGF-WFL-027");
        assertThat(approval(good.within(Duration.ZERO))).containsExactly("PGF-WFL-027");
        assertThat(approval(good.escalatesTo(Escalation.toRoles("b"), Escalation.toActors("c"))))
                .containsExactly("PGF-WFL-027");
        assertThat(approval(good.form(FormField.text("a"), FormField.number("a"))))
                .containsExactly("PGF-WFL-027");
        assertThat(approval(good.form(FormField.choice("a")))).containsExactly("PGF-WFL-027");
        assertThat(approval(good.shows(Condition.output("other", "")))).containsExactly("PGF-WFL-016");
        assertThat(approval(new Approval("{\"question\": \"Q?\", \"quorom\": 2}")))
                .containsExactly("PGF-WFL-019");
        assertThat(approval(new Approval("{"))).containsExactly("PGF-WFL-027");
        assertThat(codes(List.of(StepDefinition.of("ok", good)
                        .withOptions(StepOptions.DEFAULT.withOnFailure(OnFailure.fallBackTo("yes"))))))
                .containsExactly("PGF-WFL-027");
    }

    private static List<String> approval(Approval approval) {
        return codes(List.of(StepDefinition.of("ok", approval)));
    }

    @Test
    void what_is_for_handlers_is_a_problem_at_a_step_without_one() {
        StepDefinition nap = StepDefinition.of("nap", Action.Sleep.of(Duration.ofHours(1)));
        StepOptions usual = StepOptions.DEFAULT;

        assertThat(codes(List.of(nap.withOptions(usual.withQueue("slow")
                        .withTimeout(Duration.ofHours(1))
                        .withRetry(usual.retry().withMaxAttempts(1))))))
                .containsExactly("PGF-WFL-025", "PGF-WFL-025", "PGF-WFL-025");
        assertThat(codes(List.of(nap.withOver("$input")))).containsExactly("PGF-WFL-025");
        assertThat(codes(List.of(nap.withOptions(usual.withOnFailure(OnFailure.SKIP)))))
                .isEmpty();
    }

    @Test
    void a_workflow_without_steps_is_a_problem() {
        assertThat(codes(List.of())).containsExactly("PGF-WFL-002");
    }

    @Test
    void a_thousand_steps_and_a_hundred_dependencies_are_the_limit() {
        assertThat(codes(wide(1000, 100))).isEmpty();
        assertThat(codes(wide(1001, 101))).containsExactly("PGF-WFL-003", "PGF-WFL-004");
    }

    @Test
    void a_cycle_names_its_steps_in_the_direction_of_the_flow() {
        List<Problem> problems = problems(FlowText.steps("flow", "start -> a -> b -> c -> a; c -> end"));

        assertThat(problems).singleElement().satisfies(problem -> {
            assertThat(problem.code()).isEqualTo("PGF-WFL-009");
            assertThat(problem.message()).endsWith("b -> c -> a -> b");
        });
    }

    @Test
    void each_of_two_cycles_is_reported_once() {
        assertThat(problems(FlowText.steps("flow", "a -> b -> a; b -> x -> y -> x; y -> end")))
                .extracting(Problem::message)
                .containsExactly(
                        "these steps wait for each other: b -> a -> b", "these steps wait for each other: x -> y -> x");
    }

    @Test
    void a_map_step_maps_over_a_step_or_the_input() {
        StepDefinition map = StepDefinition.of("labels", "h");

        assertThat(problems(List.of(StepDefinition.of("reserve", "h"), map.withOver("reserv"))))
                .singleElement()
                .hasToString("PGF-WFL-010 at steps[1] \"labels\".over: \"reserv\" is neither a step nor \"$input\";"
                        + " did you mean \"reserve\"?");
        assertThat(problems(List.of(map.withOver("$inptu"))))
                .singleElement()
                .satisfies(problem -> assertThat(problem.suggestion()).contains("did you mean \"$input\"?"));
        assertThat(codes(List.of(map.withOver("labels")))).containsExactly("PGF-WFL-008");
        assertThat(codes(List.of(StepDefinition.of("a", "h"), map.withOver("a").withAfter("a"))))
                .containsExactly("PGF-WFL-007");
    }

    @Test
    void numbers_and_durations_have_ranges() {
        assertThat(option(o -> o.withRetry(o.retry().withMaxAttempts(0)))).containsExactly("PGF-WFL-013");
        assertThat(option(o -> o.withRetry(o.retry().withMaxAttempts(101)))).containsExactly("PGF-WFL-013");
        assertThat(option(o -> o.withRetry(o.retry().withJitter(1.01)))).containsExactly("PGF-WFL-013");
        assertThat(option(o -> o.withRetry(o.retry().withJitter(Double.NaN)))).containsExactly("PGF-WFL-013");
        assertThat(option(o -> o.withTimeout(Duration.ofMillis(9)))).containsExactly("PGF-WFL-014");
        assertThat(option(o -> o.withTimeout(Duration.ofDays(30).plusMillis(1))))
                .containsExactly("PGF-WFL-014");
        assertThat(option(o -> o.withTimeout(Duration.ofNanos(10_000_001)))).containsExactly("PGF-WFL-014");
        assertThat(option(o -> o.withRetry(o.retry().withDelay(Duration.ofMillis(-1)))))
                .containsExactly("PGF-WFL-014");
        assertThat(option(o -> o.withRetry(o.retry().withDelay(Duration.ofMinutes(2)))))
                .containsExactly("PGF-WFL-014");
        assertThat(option(o -> o.withQueue("Fast"))).containsExactly("PGF-WFL-001");
        assertThat(option(o -> o.withRetry(new RetryPolicy(1, Duration.ZERO, Duration.ZERO, 1))))
                .isEmpty();
    }

    @Test
    void a_template_is_json_and_its_references_are_well_formed() {
        assertThat(template("{")).containsExactly("PGF-WFL-015 input");
        assertThat(template("{\"a\":1,\"a\":2}")).containsExactly("PGF-WFL-015 input");
        assertThat(template("{\"x\":{\"$from\":\"first\",\"path\":\"/a\"}}")).containsExactly("PGF-WFL-015 input.x");
        assertThat(template("[1,{\"$from\":7}]")).containsExactly("PGF-WFL-015 input[1]");
        assertThat(template("{\"$from\":\"first\",\"pointer\":\"a\"}")).containsExactly("PGF-WFL-015 input");
        assertThat(template("{\"$from\":\"$run\"}")).containsExactly("PGF-WFL-015 input");
    }

    @Test
    void a_template_reads_only_what_the_step_depends_on() {
        assertThat(template("[{\"$from\":\"first\"},{\"$from\":\"$input\",\"pointer\":\"/a\"}]"))
                .isEmpty();
        assertThat(template("{\"$from\":\"other\"}")).containsExactly("PGF-WFL-016 input");
        assertThat(template("{\"$from\":\"$item\"}")).containsExactly("PGF-WFL-016 input");
    }

    @Test
    void a_definition_has_at_most_one_mebibyte_and_50_levels() {
        StepDefinition step = StepDefinition.of("a", "h");

        assertThat(codes(List.of(step.withInput("\"" + "x".repeat(1024 * 1024) + "\""))))
                .containsExactly("PGF-WFL-017");
        assertThat(codes(List.of(step.withInput("[".repeat(47) + "]".repeat(47)))))
                .isEmpty();
        assertThat(codes(List.of(step.withInput("[".repeat(48) + "]".repeat(48)))))
                .containsExactly("PGF-WFL-017");
    }

    @Test
    void a_suggestion_is_made_only_when_a_name_is_near() {
        List<String> names = List.of("reserve", "charge", "labels");

        assertThat(DidYouMean.nearest("chrage", names)).contains("charge");
        assertThat(DidYouMean.nearest("label", names)).contains("labels");
        assertThat(DidYouMean.nearest("shipment", names)).isEmpty();
        assertThat(DidYouMean.nearest("x", List.of("y"))).contains("y");
    }

    private static List<String> template(String json) {
        StepDefinition step =
                StepDefinition.of("second", "h").withAfter("first").withInput(json);
        return problems(List.of(StepDefinition.of("first", "h"), StepDefinition.of("other", "h"), step)).stream()
                .map(problem -> problem.code() + " " + problem.place().replace("steps[2] \"second\".", ""))
                .toList();
    }

    private static List<String> option(UnaryOperator<StepOptions> change) {
        return codes(List.of(StepDefinition.of("a", "h").withOptions(change.apply(StepOptions.DEFAULT))));
    }

    private static List<StepDefinition> wide(int steps, int dependencies) {
        List<StepDefinition> wide = new ArrayList<>();
        IntStream.range(0, steps - 1).forEach(i -> wide.add(StepDefinition.of("s" + i, "h")));
        wide.add(StepDefinition.of("join", "h")
                .withAfter(
                        IntStream.range(0, dependencies).mapToObj(i -> "s" + i).toList()));
        return wide;
    }

    private static List<String> codes(List<StepDefinition> steps) {
        return problems(steps).stream().map(Problem::code).toList();
    }

    private static List<Problem> problems(List<StepDefinition> steps) {
        return WorkflowDefinition.problems("flow", steps, Optional.empty(), Optional.empty());
    }
}
