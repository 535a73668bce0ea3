package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConditionTest extends Specification {
    private static final String INPUT = """
            {"n": 7, "s": "ab", "t": true, "nil": null, "list": [1, "x", {"y": null}], "deep": {"a/b": {"m~n": 3}}, "huge": 9e131071}""";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    true  | /n         | "eq": 7.0
                    false | /n         | "eq": "7"
                    true  | /nil       | "eq": null
                    false | /missing   | "eq": null
                    false | /n         | "ne": 7
                    true  | /n         | "ne": "7"
                    true  | /missing   | "ne": 7
                    true  | /s         | "in": ["x", "ab"]
                    false | /s         | "in": []
                    false | /missing   | "in": [null]
                    true  | /n         | "exists": true
                    true  | /nil       | "exists": true
                    false | /missing   | "exists": true
                    true  | /missing   | "exists": false
                    true  | /n         | "lt": 7.5
                    false | /n         | "lt": 7
                    true  | /n         | "lte": 7
                    true  | /n         | "gt": -1
                    false | /n         | "gt": 7
                    true  | /n         | "gte": 7
                    false | /n         | "gte": "0"
                    true  | /s         | "lt": "b"
                    true  | /s         | "gt": "Z"
                    false | /t         | "gt": "a"
                    false | /missing   | "lt": 9
                    true  | /list      | "contains": 1
                    true  | /list      | "contains": {"y": null}
                    false | /list      | "contains": 2
                    true  | /s         | "contains": "b"
                    false | /s         | "contains": 1
                    false | /deep      | "contains": "a/b"
                    true  | /list/2/y  | "eq": null
                    false | /list/-1   | "exists": true
                    false | /list/01   | "exists": true
                    false | /list/3    | "exists": true
                    false | /n/0       | "exists": true
                    true  | /deep/a~1b/m~0n | "eq": 3
                    false | /          | "exists": true
                    true  | /huge      | "gt": -9e131071
                    """)
    void a_test_compares_one_value_and_is_never_an_error(boolean holds, String pointer, String test) {
        assertThat(holds("{\"$from\": \"$input\", \"pointer\": \"" + pointer + "\", " + test + "}"))
                .isEqualTo(holds);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    true  | {"and": [YES, YES]}
                    false | {"and": [YES, NO]}
                    true  | {"or": [NO, YES]}
                    false | {"or": [NO, NO]}
                    false | {"not": YES}
                    true  | {"not": {"and": [YES, {"or": [NO, {"not": YES}]}]}}
                    """)
    void conditions_are_joined_by_and_or_and_not(boolean holds, String condition) {
        assertThat(holds(condition
                        .replace("YES", from("$input", "\"exists\": true"))
                        .replace("NO", from("$input", "\"exists\": false"))))
                .isEqualTo(holds);
    }

    @Test
    void a_step_whose_condition_holds_is_scheduled_when_its_parents_have_ended() {
        db.define("flow", "a -> b -> c", "b", "\"when\": " + from("a", "\"eq\": \"a\""));
        long worker = db.worker();
        UUID run = db.start("flow");

        db.complete(worker, db.claimOne(worker), "\"a\"");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED, c PENDING");
        db.drain(worker);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED, b SUCCEEDED, c SUCCEEDED");
    }

    @Test
    void until_it_is_decided_the_step_waits_and_upkeep_knows_of_it() {
        db.define("flow", "a -> b", "b", "\"when\": " + from("a", "\"exists\": true"));
        long worker = db.worker();
        UUID run = db.start("flow");

        assertThat(db.complete(worker, db.claimOne(worker)).toSettle()).isTrue();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b PENDING");
        assertThat(db.row("select unsettled from pgflow.upkeep_due()").truth("unsettled"))
                .isTrue();
    }

    @Test
    void a_step_whose_condition_does_not_hold_is_skipped_and_its_dependents_go_on_with_null() {
        db.define("flow", "a -> b -> c", "b", "\"when\": " + from("a", "\"eq\": 1"));
        long worker = db.worker();
        UUID run = db.start("flow");

        db.complete(worker, db.claimOne(worker), "2");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SKIPPED, c SCHEDULED");
        assertThat(db.history(run)).contains("b skip_unmet");
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"b\": null}");
    }

    @Test
    void what_comes_after_can_be_skipped_with_it_also_where_branches_meet() {
        db.define(
                "flow",
                "a -> b, other; b -> c; c, other -> d; other -> alone",
                "b",
                "\"otherwise\": \"skipBranch\", \"when\": " + from("$input", "\"eq\": 1"));
        long worker = db.worker();
        UUID run = db.start("flow", "2");

        db.complete(worker, db.claimOne(worker));
        db.settle();

        assertThat(db.states(run))
                .isEqualTo("RUNNING: a SUCCEEDED, b SKIPPED, other SCHEDULED, c SKIPPED, d SKIPPED, alone PENDING");
        assertThat(db.history(run)).contains("b skip_unmet", "c skip_branch", "d skip_branch");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED: ").endsWith("alone SUCCEEDED");
    }

    @Test
    void a_run_all_of_which_is_skipped_succeeds() {
        db.define(
                "flow",
                "a -> b",
                "a",
                "\"otherwise\": \"skipBranch\", \"when\": " + from("$input", "\"exists\": false"));
        UUID run = db.start("flow");

        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SKIPPED, b SKIPPED");
    }

    @Test
    void a_condition_that_does_not_hold_can_fail_the_run() {
        db.define("flow", "a -> b, c", "b", "\"otherwise\": \"fail\", \"when\": " + from("a", "\"gt\": 9"));
        long worker = db.worker();
        UUID run = db.start("flow");

        db.complete(worker, db.claimOne(worker), "3");
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: a SUCCEEDED, b FAILED, c CANCELLED");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-RUN-012");
    }

    @Test
    void the_first_step_can_have_a_condition_at_once_and_after_a_delay() {
        db.define("flow", "a -> b", "a", "\"when\": " + from("$input", "\"contains\": 1"));
        UUID run = db.start("flow", "[1]");
        UUID skipping = db.start("flow", "[2]");
        UUID delayed = db.startDelayed("flow", "1 hour");

        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b PENDING");
        assertThat(db.states(skipping)).isEqualTo("RUNNING: a SKIPPED, b SCHEDULED");
        assertThat(db.states(delayed)).isEqualTo("PENDING: a PENDING, b PENDING");

        db.clock("2 hours");
        db.fire();
        db.settle();
        assertThat(db.states(delayed)).isEqualTo("RUNNING: a SKIPPED, b SCHEDULED");
    }

    @Test
    void a_map_opens_only_when_its_condition_holds() {
        String condition = "\"when\": " + from("list", "\"pointer\": \"/1\", \"exists\": true");
        db.define("flow", "list -> each* -> sum", "each", condition);
        long worker = db.worker();
        UUID long_ = db.start("flow");
        db.complete(worker, db.claimOne(worker), "[1, 2]");
        UUID short_ = db.start("flow");
        db.complete(worker, db.claimOne(worker), "[1]");

        db.settle();

        assertThat(db.states(long_))
                .isEqualTo("RUNNING: list SUCCEEDED, each RUNNING, each[1] SCHEDULED, each[2] SCHEDULED, sum PENDING");
        assertThat(db.states(short_)).isEqualTo("RUNNING: list SUCCEEDED, each SKIPPED, sum SCHEDULED");
    }

    @Test
    void what_a_skipped_step_would_have_given_is_missing() {
        db.define("flow", "a -> b", "b", "\"when\": " + from("a", "\"exists\": false"));
        UUID run = db.start("flow");

        db.skip(run, "a");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SKIPPED, b SCHEDULED");
    }

    @Test
    void a_step_that_waits_for_its_decision_can_be_skipped_by_a_person() {
        db.define("flow", "a -> b", "a", "\"when\": " + from("$input", "\"exists\": true"));
        UUID run = db.start("flow");

        db.skip(run, "a");
        assertThat(db.states(run)).isEqualTo("RUNNING: a SKIPPED, b PENDING");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SKIPPED, b SCHEDULED");
        assertThat(db.history(run)).contains("a skip_pending").doesNotContain("a skip_unmet");
    }

    @Test
    void two_who_settle_at_the_same_time_decide_once() {
        db.define("flow", "a -> b", "a", "\"when\": " + from("$input", "\"exists\": false"));
        UUID run = db.start("flow");

        settleAtTheSameTime();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SKIPPED, b SCHEDULED");
    }

    @Test
    void two_who_settle_at_the_same_time_fail_it_all_the_same() {
        db.define("flow", "a -> b", "a", "\"otherwise\": \"fail\", \"when\": " + from("$input", "\"exists\": false"));
        UUID run = db.start("flow");

        settleAtTheSameTime();
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: a FAILED, b CANCELLED");
    }

    @Test
    void a_map_over_what_a_skipped_step_would_have_given_has_no_items() {
        db.define("flow", "list -> each* -> sum", "list", "\"when\": " + from("$input", "\"exists\": false"));
        UUID run = db.start("flow");

        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: list SKIPPED, each SUCCEEDED, sum SCHEDULED");
        assertThat(db.output(run, "each")).isEqualTo("[]");
    }

    @Test
    void a_run_can_be_cancelled_while_a_condition_is_to_be_decided() {
        db.define("flow", "a", "a", "\"when\": " + from("$input", "\"exists\": false"));
        UUID run = db.start("flow");

        db.cancel(run);
        db.settle();

        assertThat(db.states(run)).isEqualTo("CANCELLED: a CANCELLED");
        assertThat(db.count("select count(*) from pgflow.unsettled_steps")).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "{\"$from\": \"a\"}",
                "{\"$from\": \"c\", \"eq\": 1}",
                "{\"eq\": 1}",
                "{\"$from\": \"a\", \"eq\": 1, \"ne\": 2}",
                "{\"$from\": \"a\", \"like\": 1}",
                "{\"$from\": \"a\", \"pointer\": \"x\", \"eq\": 1}",
                "{\"$from\": \"a\", \"pointer\": 1, \"eq\": 1}",
                "{\"$from\": \"a\", \"in\": 1}",
                "{\"$from\": \"a\", \"exists\": 1}",
                "{\"$from\": \"a\", \"gt\": null}",
                "{\"and\": []}",
                "{\"or\": {}}",
                "{\"not\": []}",
                "{\"and\": [{\"$from\": \"$input\", \"eq\": 1}, 2]}"
            })
    void a_malformed_condition_is_refused_when_the_workflow_is_defined(String condition) {
        assertThatThrownBy(() -> db.define("flow", "a -> b; c", "b", "\"when\": " + condition))
                .hasMessageContaining("condition");
    }

    /** The second waits for what the first one locked, and goes on when that is decided but has not followed. */
    private void settleAtTheSameTime() {
        Paused<Row> first = pauseAt("settle_steps-locked", s -> s.row("select * from pgflow.settle_steps(100)"));
        Paused<Integer> second = Paused.blocked(session(), session(), s -> {
            s.settle();
            return 0;
        });
        first.resume();
        second.finish();
    }

    private boolean holds(String condition) {
        long workflow = db.define("flow", "a");
        UUID run = db.start("flow", INPUT);
        return db.row("select pgflow._holds(?::jsonb, ?, ?) as holds", condition, run, workflow)
                .truth("holds");
    }

    private static String from(String source, String test) {
        return "{\"$from\": \"" + source + "\", " + test + "}";
    }
}
