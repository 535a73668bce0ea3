package io.pgflow.workflow;

import static io.pgflow.workflow.Condition.input;
import static io.pgflow.workflow.Condition.not;
import static io.pgflow.workflow.Condition.output;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.InvalidPayloadException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How conditions are written in Java, and what is said about those that are wrong. */
class ConditionTest {

    @Test
    void each_word_is_an_operator_of_the_json_form() {
        Reference total = input("/total");
        assertThat(List.of(
                        total.exists(),
                        total.isMissing(),
                        total.equalTo(null),
                        total.notEqualTo("x"),
                        total.in(1, 2.50),
                        total.in(List.of("a")),
                        total.lessThan(1),
                        total.atMost(1),
                        total.greaterThan("a"),
                        total.atLeast(1),
                        total.contains(Map.of("a", true))))
                .extracting(condition -> condition.json().replace("\"$from\":\"$input\",\"pointer\":\"/total\",", ""))
                .containsExactly(
                        "{\"exists\":true}",
                        "{\"exists\":false}",
                        "{\"eq\":null}",
                        "{\"ne\":\"x\"}",
                        "{\"in\":[1,2.5]}",
                        "{\"in\":[\"a\"]}",
                        "{\"lt\":1}",
                        "{\"lte\":1}",
                        "{\"gt\":\"a\"}",
                        "{\"gte\":1}",
                        "{\"contains\":{\"a\":true}}");
    }

    @Test
    void conditions_are_joined_and_quoted_as_json() {
        Condition joined = not(input("").exists())
                .and(output("step", "/\"a").equalTo("\""))
                .or(input("").exists());

        assertThat(joined.json())
                .isEqualTo(
                        "{\"or\":[{\"and\":[{\"not\":{\"$from\":\"$input\",\"exists\":true}},{\"$from\":\"step\",\"pointer\":\"/\\\"a\",\"eq\":\"\\\"\"}]},{\"$from\":\"$input\",\"exists\":true}]}");
        assertThat(new Condition(joined.json().replace(",", " , "))).isEqualTo(joined);
    }

    @Test
    void a_value_that_is_no_json_is_refused_at_once() {
        var endless = new ArrayList<Object>();
        endless.add(List.of(endless));

        assertThatThrownBy(() -> input("").equalTo(endless)).isInstanceOf(InvalidPayloadException.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    [] | PGF-WFL-024 /steps/1/when | is an object
                    {"eq": 1} | PGF-WFL-024 /steps/1/when | "$from" is the name
                    {"$from": "a", "equals": 1} | PGF-WFL-024 /steps/1/when | exactly one of
                    {"$from": "a", "eq": 1, "ne": 1} | PGF-WFL-024 /steps/1/when | exactly one of
                    {"$from": "a", "pointer": 1, "eq": 1} | PGF-WFL-024 /steps/1/when | JSON Pointer
                    {"$from": "b", "eq": 1} | PGF-WFL-016 /steps/1/when | does not depend on "b"
                    {"$from": "$item", "eq": 1} | PGF-WFL-016 /steps/1/when | does not depend on
                    {"$from": "a", "in": 1} | PGF-WFL-024 /steps/1/when | needs a list
                    {"$from": "a", "exists": 1} | PGF-WFL-024 /steps/1/when | true or false
                    {"$from": "a", "lt": []} | PGF-WFL-024 /steps/1/when | a number or a text
                    {"and": [{"not": {"or": []}}]} | PGF-WFL-024 /steps/1/when/and/0/not/or | at least one
                    {"and": [{"$from": "a", "eq": 1}], "x": 1} | PGF-WFL-024 /steps/1/when | stands alone
                    """)
    void what_is_wrong_with_a_condition_is_said_with_its_place(String condition, String where, String message) {
        assertThatThrownBy(() -> WorkflowDefinition.parse(json("\"after\": [\"a\"], \"when\": " + condition)))
                .isInstanceOfSatisfying(InvalidWorkflowException.class, e -> {
                    Problem problem = e.problems().get(0);
                    assertThat(problem.code() + " " + problem.place()).isEqualTo(where);
                    assertThat(problem.message()).contains(message);
                });
    }

    @Test
    void limits_that_differ_in_name_or_period_or_that_alone_have_a_key_stand_beside_each_other() {
        WorkflowDefinition definition =
                WorkflowDefinition.parse(json("\"concurrency\": [{\"limit\": 9}, {\"limit\": 2, \"name\": \"x\"},"
                        + " {\"limit\": 1, \"by\": {\"$from\": \"$input\"}}],"
                        + " \"rate\": [{\"limit\": 9, \"per\": \"PT1S\"}, {\"limit\": 99, \"per\": \"PT1M\"}]"));

        assertThat(definition.steps().get(1).options().limits().concurrency()).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "otherwise": "skip" | PGF-WFL-025 /steps/1/otherwise
                    "over": "$input", "onFailure": "skipBranch" | PGF-WFL-025 /steps/1/onFailure
                    "when": {"$from": "$input", "eq": 1}, "otherwise": "skip_branch" | PGF-WFL-021 /steps/1/otherwise
                    "onFailure": "ignore" | PGF-WFL-021 /steps/1/onFailure
                    "onFailure": "fallback" | PGF-WFL-025 /steps/1/onFailure
                    "fallback": 1 | PGF-WFL-025 /steps/1/fallback
                    "collect": true | PGF-WFL-025 /steps/1/collect
                    "atOnce": 1 | PGF-WFL-025 /steps/1/atOnce
                    "over": "$input", "atOnce": 0 | PGF-WFL-013 /steps/1/atOnce
                    "over": "$input", "atOnce": 100001 | PGF-WFL-013 /steps/1/atOnce
                    "concurrency": [{"limit": 0}] | PGF-WFL-040 /steps/1/concurrency/0/limit
                    "concurrency": [{"limit": 1, "name": "No"}] | PGF-WFL-001 /steps/1/concurrency/0/name
                    "concurrency": [{}] | PGF-WFL-020 /steps/1/concurrency/0/limit
                    "concurrency": [{"limit": 1, "by": {"$from": "b"}}] | PGF-WFL-040 /steps/1/concurrency/0/by
                    "concurrency": [{"limit": 1, "by": {"$from": "$item"}}] | PGF-WFL-040 /steps/1/concurrency/0/by
                    "rate": [{"limit": 1, "per": "PT0S"}] | PGF-WFL-040 /steps/1/rate/0/per
                    "rate": [{"limit": 1, "per": "PT1S", "wait": 1}] | PGF-WFL-019 /steps/1/rate/0/wait
                    "concurrency": [{"limit": 2}, {"limit": 1}] | PGF-WFL-040 /steps/1/concurrency/1
                    "concurrency": [{"limit": 2, "by": {"$from": "$input", "pointer": "/a"}}, {"limit": 1, "by": {"$from": "$input", "pointer": "/b"}}] | PGF-WFL-040 /steps/1/concurrency/1
                    "rate": [{"limit": 2, "per": "PT1M", "name": "x"}, {"limit": 1, "per": "PT60S", "name": "x"}] | PGF-WFL-040 /steps/1/rate/1
                    "fairBy": {"$from": "$input", "pointer": "tenant"} | PGF-WFL-040 /steps/1/fairBy
                    """)
    void an_option_that_cannot_be_is_a_problem_of_its_own(String fields, String where) {
        assertThatThrownBy(() -> WorkflowDefinition.parse(json(fields)))
                .isInstanceOfSatisfying(
                        InvalidWorkflowException.class,
                        e -> assertThat(e.problems())
                                .extracting(problem -> problem.code() + " " + problem.place())
                                .containsExactly(where));
    }

    @Test
    void what_collects_gives_no_list_to_map_over() {
        String json = "{\"name\": \"flow\", \"steps\": ["
                + "{\"name\": \"a\", \"handler\": \"h\", \"over\": \"$input\", \"collect\": true},"
                + "{\"name\": \"b\", \"handler\": \"h\", \"over\": \"a\"}]}";

        assertThatThrownBy(() -> WorkflowDefinition.parse(json))
                .hasMessageContaining("PGF-WFL-010")
                .hasMessageContaining("outputs and errors");
    }

    @Test
    void a_fallback_may_be_null() {
        assertThat(WorkflowDefinition.parse(json("\"onFailure\": \"fallback\", \"fallback\": null"))
                        .step("b")
                        .orElseThrow()
                        .options()
                        .onFailure())
                .isEqualTo(OnFailure.fallBackTo(null))
                .extracting(OnFailure::fallback)
                .isEqualTo(Optional.of("null"));
    }

    private static String json(String fields) {
        return "{\"name\": \"flow\", \"steps\": [{\"name\": \"a\", \"handler\": \"h\"},"
                + " {\"name\": \"b\", \"handler\": \"h\", " + fields + "}]}";
    }
}
