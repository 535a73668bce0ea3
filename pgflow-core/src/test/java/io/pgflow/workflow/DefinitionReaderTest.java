package io.pgflow.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is wrong with a workflow in JSON is said at once, each problem with a JSON Pointer into the text. */
class DefinitionReaderTest {

    @Test
    void the_shape_and_the_rules_are_checked_together() {
        assertThat(problems("""
                {"name": "checkout", "version": 2,
                 "steps": [
                   {"name": "reserve", "handler": "checkout.reserve", "maxAttemps": 5},
                   {"name": "charge", "after": ["reserv"], "timeout": "30s", "maxAttempts": "5"},
                   {"name": "labels", "handler": "checkout.labels", "over": "resrve", "retryJitter": 2},
                   "receipt"],
                 "returns": null}"""))
                .containsExactlyInAnyOrder(
                        "PGF-WFL-019 /version",
                        "PGF-WFL-019 /steps/0/maxAttemps",
                        "PGF-WFL-020 /steps/1/handler",
                        "PGF-WFL-006 /steps/1/after/0",
                        "PGF-WFL-014 /steps/1/timeout",
                        "PGF-WFL-021 /steps/1/maxAttempts",
                        "PGF-WFL-010 /steps/2/over",
                        "PGF-WFL-013 /steps/2/retryJitter",
                        "PGF-WFL-021 /steps/3",
                        "PGF-WFL-021 /returns");
    }

    @Test
    void an_unknown_field_is_guessed() {
        assertThat(refused("{\"name\": \"a\", \"step\": [], \"steps\": [{\"name\": \"b\", \"handler\": \"b\"}]}")
                        .problems())
                .singleElement()
                .hasToString("PGF-WFL-019 at /step: there is no field \"step\"; did you mean \"steps\"?");
    }

    @Test
    void what_is_missing_is_reported_where_it_should_stand() {
        assertThat(problems("{}")).containsExactly("PGF-WFL-020 /name", "PGF-WFL-020 /steps");
    }

    @Test
    void numbers_are_whole_where_they_must_be() {
        assertThat(problems(step("\"maxAttempts\": 2.5"))).containsExactly("PGF-WFL-013 /steps/0/maxAttempts");
        assertThat(problems(step("\"maxAttempts\": 99999999999"))).containsExactly("PGF-WFL-013 /steps/0/maxAttempts");
        assertThat(WorkflowDefinition.parse(step("\"maxAttempts\": 5.0"))
                        .steps()
                        .get(0)
                        .retry()
                        .maxAttempts())
                .isEqualTo(5);
    }

    @Test
    void a_list_is_a_list() {
        assertThat(problems(step("\"after\": \"b\""))).containsExactly("PGF-WFL-021 /steps/0/after");
        assertThat(problems(step("\"after\": [1]"))).containsExactly("PGF-WFL-021 /steps/0/after/0");
        assertThat(problems("{\"name\": \"a\", \"steps\": {}}")).containsExactly("PGF-WFL-021 /steps");
    }

    @Test
    void a_place_inside_a_template_is_escaped_as_a_pointer() {
        assertThat(problems(step("\"input\": {\"a/b~c\": [{\"$from\": \"nobody\"}]}")))
                .containsExactly("PGF-WFL-016 /steps/0/input/a~1b~0c/0");
    }

    @Test
    void a_text_that_is_no_json_says_where_it_breaks() {
        assertThat(refused("{\n \"name\": oops}").problems()).singleElement().satisfies(problem -> {
            assertThat(problem.code()).isEqualTo("PGF-WFL-018");
            assertThat(problem.message()).contains("line 2");
        });
        assertThat(problems("")).containsExactly("PGF-WFL-018 ");
        assertThat(problems("{} {}")).containsExactly("PGF-WFL-018 ");
        assertThat(problems("{\"name\": \"a\", \"name\": \"b\"}")).containsExactly("PGF-WFL-018 ");
        assertThat(problems("[]")).containsExactly("PGF-WFL-021 ");
    }

    @Test
    void a_text_that_is_too_large_or_too_deep_is_not_read() {
        assertThat(problems("\"" + "x".repeat(1024 * 1024) + "\"")).containsExactly("PGF-WFL-017 ");
        assertThat(problems("[".repeat(100_000))).containsExactly("PGF-WFL-017 ");
    }

    private static String step(String field) {
        return "{\"name\": \"a\", \"steps\": [{\"name\": \"a\", \"handler\": \"a\", " + field + "}]}";
    }

    private static List<String> problems(String json) {
        return refused(json).problems().stream()
                .map(problem -> problem.code() + " " + problem.place())
                .toList();
    }

    private static InvalidWorkflowException refused(String json) {
        InvalidWorkflowException refused =
                catchThrowableOfType(InvalidWorkflowException.class, () -> WorkflowDefinition.parse(json));
        assertThat(refused).as("refusal of %.200s", json).isNotNull();
        return refused;
    }
}
