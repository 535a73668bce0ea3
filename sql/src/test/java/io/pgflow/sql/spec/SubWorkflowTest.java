package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SubWorkflowTest extends Specification {
    private long worker;

    @BeforeEach
    void a_workflow_that_others_run() {
        defineJson("child", "{\"name\": \"work\", \"handler\": \"child.work\"}", "work");
        worker = db.workerWith("child.work", "parent.a", "parent.b", "deep.work");
    }

    @Test
    void a_step_runs_another_workflow_and_gives_what_that_returns() {
        UUID run = parent("");
        complete("{\"x\": 1}");
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, sub RUNNING, b PENDING");
        UUID child = child(run);
        assertThat(db.row("select * from pgflow.get_run(?)", child).text("input"))
                .isEqualTo("{\"x\": 1}");
        assertThat(db.texts(
                        "select parent_run_id || ' ' || parent_step || ' ' || parent_item from pgflow.get_run(?)",
                        child))
                .containsExactly(run + " sub 0");

        complete("[7]");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, sub SUCCEEDED, b SCHEDULED");
        assertThat(db.output(run, "sub")).isEqualTo("[7]");
        assertThat(db.history(run)).containsSubsequence("sub schedule", "sub open", "sub complete", "b schedule");
        assertThat(db.texts(
                        "select detail ->> 'run_id' from pgflow.run_events(?) where step = 'sub' and detail is not null",
                        run))
                .containsExactly(child.toString());
    }

    @Test
    void a_run_of_nothing_but_other_workflows_ends_with_them() {
        defineJson("outer", "{\"name\": \"sub\", \"workflow\": \"child\"}", "sub");
        UUID run = db.start("outer", "{\"in\": 1}");
        db.settle();
        assertThat(db.texts("select input from pgflow.runs where run_id = ?", child(run)))
                .containsExactly("{\"in\": 1}");

        complete("\"done\"");
        db.settle();

        assertThat(db.texts("select state || ' ' || output from pgflow.get_run(?)", run))
                .containsExactly("SUCCEEDED \"done\"");
    }

    @Test
    void the_input_of_the_run_is_what_the_template_says() {
        UUID run = parent(
                ", \"input\": {\"a\": [{\"$from\": \"a\", \"pointer\": \"/x\"}, 2], \"all\": {\"$from\": \"$input\"}}");
        complete("{\"x\": null}");
        db.settle();

        assertThat(db.texts("select input from pgflow.runs where run_id = ?", child(run)))
                .containsExactly("{\"a\": [null, 2], \"all\": \"in\"}");
        db.cancel(run);
        db.settle();
    }

    @Test
    void an_input_that_cannot_be_made_fails_the_step_for_good() {
        UUID run = parent(", \"input\": {\"$from\": \"a\", \"pointer\": \"/missing\"}");
        complete("{\"x\": 1}");
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: a SUCCEEDED, sub FAILED, b CANCELLED");
        assertThat(codeOf(run)).isEqualTo("PGF-DAT-006");
    }

    @Test
    void a_run_that_maps_over_its_input_needs_an_array() {
        defineJson("child", "{\"name\": \"work\", \"handler\": \"child.work\", \"over\": \"$input\"}", "work");
        UUID run = parent("");
        complete("{\"x\": 1}");
        db.settle();

        assertThat(codeOf(run)).isEqualTo("PGF-DAT-010");
    }

    @Test
    void a_run_is_of_the_newest_version_unless_the_step_names_one() {
        UUID newest = parent("");
        UUID first = parent(", \"version\": 1");
        defineJson("child", "{\"name\": \"work\", \"handler\": \"child.work\", \"maxAttempts\": 7}", "work");
        complete("1");
        db.settle();

        assertThat(version(newest)).isEqualTo(2);
        assertThat(version(first)).isEqualTo(1);
        db.cancel(newest);
        db.cancel(first);
        db.settle();
    }

    @Test
    void a_workflow_that_is_not_defined_yet_is_tried_again() {
        defineJson("outer", "{\"name\": \"sub\", \"workflow\": \"later\"}", "sub");
        UUID run = db.start("outer");
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: sub RETRYING");
        assertThat(db.texts("select error ->> 'code' from pgflow.tasks")).containsExactly("PGF-RUN-026");

        defineJson("later", "{\"name\": \"work\", \"handler\": \"child.work\"}", "work");
        db.clock("1 minute");
        db.fire();
        complete("1");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: sub SUCCEEDED");
    }

    @Test
    void when_the_run_fails_the_attempt_has_failed_and_the_next_one_is_another_run() {
        UUID run = parent(", \"maxAttempts\": 2");
        complete("1");
        db.settle();
        UUID first = child(run);
        db.failForGood(worker, db.claimOne(worker));
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, sub RETRYING, b PENDING");
        assertThat(db.texts("select error ->> 'code' from pgflow.tasks where run_id = ? and step = 2", run))
                .containsExactly("PGF-RUN-024");

        db.clock("1 minute");
        db.fire();
        assertThat(child(run)).isNotEqualTo(first);
        assertThat(db.history(run)).containsSubsequence("sub open", "sub retry", "sub reschedule", "sub open");
        db.failForGood(worker, db.claimOne(worker));
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: a SUCCEEDED, sub FAILED, b CANCELLED");
        assertThat(db.count("select count(*) from pgflow.sub_runs")).isEqualTo(2);
    }

    @Test
    void a_run_that_begins_anew_before_its_failure_was_told_is_waited_for() {
        defineJson("child", "{\"name\": \"work\", \"handler\": \"child.work\", \"maxAttempts\": 1}", "work");
        db.defineJson("{\"name\": \"outer\", \"steps\": [{\"name\": \"sub\", \"workflow\": \"child\"}]}");
        long worker = db.worker();
        UUID run = db.start("outer");
        db.settle();
        Claim claim = db.claimOne(worker);
        db.failForGood(worker, claim);

        db.retry(claim.runId());
        db.settle();

        assertThat(db.count("select count(*) from pgflow.sub_runs where run_id = ?", run))
                .isOne();
        db.complete(worker, db.claimOne(worker), "7");
        db.settle();
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: sub SUCCEEDED");
    }

    @Test
    void what_follows_the_last_failure_is_for_the_step_to_say() {
        UUID run = parent(", \"maxAttempts\": 1, \"onFailure\": \"fallback\", \"fallback\": 0");
        complete("1");
        db.settle();
        db.failForGood(worker, db.claimOne(worker));
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, sub SUCCEEDED, b SCHEDULED");
        assertThat(db.output(run, "sub")).isEqualTo("0");
        db.cancel(run);
    }

    @Test
    void cancelling_the_started_run_fails_the_step_for_good() {
        UUID run = parent("");
        complete("1");
        db.settle();

        db.cancel(child(run));
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: a SUCCEEDED, sub FAILED, b CANCELLED");
        assertThat(codeOf(run)).isEqualTo("PGF-RUN-025");
    }

    @Test
    void cancelling_a_run_cancels_what_it_started_on_all_levels() {
        defineJson("middle", "{\"name\": \"sub\", \"workflow\": \"child\"}", "sub");
        defineJson("top", "{\"name\": \"sub\", \"workflow\": \"middle\"}", "sub");
        UUID run = db.start("top");
        db.settle();
        UUID middle = child(run);
        UUID low = child(middle);

        db.cancel(run);
        db.settle();

        assertThat(db.states(middle)).isEqualTo("CANCELLED: sub CANCELLED");
        assertThat(db.states(low)).isEqualTo("CANCELLED: work CANCELLED");
        assertThat(db.texts(
                        "select actor || ': ' || (detail ->> 'reason') from pgflow.run_events(?) where event = 'workflow_cancelled'",
                        low))
                .containsExactly("ada: enough");
    }

    @Test
    void a_run_that_fails_takes_what_it_started_with_it() {
        defineJson(
                "outer",
                "{\"name\": \"bad\", \"handler\": \"parent.a\"}, {\"name\": \"sub\", \"workflow\": \"child\"}",
                "sub");
        UUID run = db.start("outer");
        db.settle();
        UUID child = child(run);
        Claim bad = db.claim(worker, 10).stream()
                .filter(claim -> claim.name().equals("bad"))
                .findFirst()
                .orElseThrow();

        db.failForGood(worker, bad);
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: bad FAILED, sub CANCELLED");
        assertThat(db.states(child)).startsWith("CANCELLED");
    }

    @Test
    void skipping_the_step_cancels_the_run_that_it_waited_for() {
        UUID run = parent("");
        complete("1");
        db.settle();
        UUID child = child(run);

        assertThat(db.skip(run, "sub").positions()).containsExactly(1);
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, sub SKIPPED, b SCHEDULED");
        assertThat(db.states(child)).startsWith("CANCELLED");
        db.cancel(run);
    }

    @Test
    void a_step_that_waits_longer_than_its_deadline_fails_and_the_run_is_cancelled() {
        UUID run = parent(", \"deadline\": \"PT1H\", \"maxAttempts\": 2, \"retryDelay\": \"PT1M\"");
        complete("1");
        db.settle();
        db.clock("30 minutes");
        db.failForGood(worker, db.claimOne(worker));
        db.settle();
        db.clock("35 minutes");
        db.fire();
        UUID second = child(run);
        assertThat(db.states(second)).isEqualTo("RUNNING: work SCHEDULED");

        db.clock("59 minutes");
        fireDeadlines();
        assertThat(db.states(run)).contains("sub RUNNING");
        db.clock("61 minutes");
        fireDeadlines();
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: a SUCCEEDED, sub FAILED, b CANCELLED");
        assertThat(codeOf(run)).isEqualTo("PGF-RUN-041");
        assertThat(db.states(second)).isEqualTo("CANCELLED: work CANCELLED");
        assertThat(db.texts(
                        "select detail ->> 'reason' from pgflow.run_events(?) where event = 'workflow_cancelled'",
                        second))
                .containsExactly("the step that started it was late");
    }

    @Test
    void a_step_that_is_late_and_passed_over_lets_its_run_go_on() {
        UUID run = parent(", \"deadline\": \"PT1H\", \"onFailure\": \"skip\"");
        complete("1");
        db.settle();
        UUID child = child(run);

        db.clock("61 minutes");
        fireDeadlines();
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, sub SKIPPED, b SCHEDULED");
        assertThat(db.states(child)).isEqualTo("CANCELLED: work CANCELLED");
        db.cancel(run);
    }

    @Test
    void a_map_of_runs_that_is_late_goes_on_as_it_says_and_what_it_started_is_cancelled() {
        defineJson(
                "fan",
                "{\"name\": \"subs\", \"workflow\": \"child\", \"over\": \"$input\", \"deadline\": \"PT1H\", \"collect\": true},"
                        + " {\"name\": \"b\", \"handler\": \"parent.b\", \"after\": [\"subs\"]}",
                "subs");
        UUID run = db.start("fan", "[1, 2]");
        db.settle();
        db.complete(worker, db.claimOne(worker));
        db.settle();

        db.clock("61 minutes");
        fireDeadlines();
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: subs SUCCEEDED, subs[1] SUCCEEDED, subs[2] FAILED, b SCHEDULED");
        assertThat(db.texts("select state from pgflow.runs where run_id <> ? order by state", run))
                .containsExactly("CANCELLED", "SUCCEEDED");
        db.cancel(run);
    }

    @Test
    void the_end_of_a_run_is_found_by_upkeep_when_nobody_settles() {
        UUID run = parent("");
        complete("1");
        db.settle();
        complete("2");

        assertThat(db.row("select unsettled from pgflow.upkeep_due()").truth("unsettled"))
                .isTrue();
        db.settle();
        assertThat(db.states(run)).contains("sub SUCCEEDED");
        assertThat(db.row("select unsettled from pgflow.upkeep_due()").truth("unsettled"))
                .isFalse();
        db.cancel(run);
    }

    @Test
    void a_map_runs_a_workflow_for_each_item_and_only_some_at_once() {
        defineJson(
                "fan",
                "{\"name\": \"subs\", \"workflow\": \"child\", \"over\": \"$input\", \"atOnce\": 2,"
                        + " \"input\": {\"n\": {\"$from\": \"$item\"}}}",
                "subs");
        UUID run = db.start("fan", "[1, 2, 3]");
        db.settle();
        assertThat(db.states(run))
                .isEqualTo("RUNNING: subs RUNNING, subs[1] RUNNING, subs[2] RUNNING, subs[3] PENDING");

        for (int i = 0; i < 3; i++) {
            List<Claim> claims = db.claim(worker, 10);
            assertThat(claims).hasSizeBetween(1, 2);
            claims.forEach(claim -> db.complete(worker, claim, claim.input()));
            db.settle();
            if (claims.size() == 1) {
                break;
            }
        }

        assertThat(db.texts("select state || ' ' || output from pgflow.get_run(?)", run))
                .containsExactly("SUCCEEDED [{\"n\": 1}, {\"n\": 2}, {\"n\": 3}]");
        assertThat(db.count("select count(*) from pgflow.sub_runs where item > 0"))
                .isEqualTo(3);
    }

    @Test
    void items_whose_runs_fail_can_be_collected() {
        defineJson(
                "fan",
                "{\"name\": \"subs\", \"workflow\": \"child\", \"over\": \"$input\", \"collect\": true, \"maxAttempts\": 1}",
                "subs");
        UUID run = db.start("fan", "[1, 2]");
        db.settle();
        List<Claim> claims = db.claim(worker, 10);
        db.failForGood(worker, claims.get(0));
        db.complete(worker, claims.get(1), "5");
        db.settle();

        assertThat(db.states(run)).startsWith("SUCCEEDED");
        assertThat(db.output(run, "subs")).contains("PGF-RUN-024");
    }

    @Test
    void a_workflow_that_runs_itself_ends_fifty_levels_deep() {
        defineJson("loop", "{\"name\": \"again\", \"workflow\": \"loop\", \"maxAttempts\": 1}", "again");
        db.start("loop");
        db.settle();

        assertThat(db.count("select count(*) from pgflow.runs where state = 'FAILED'"))
                .isEqualTo(51);
        assertThat(db.count("select count(*) from pgflow.tasks where error ->> 'code' = 'PGF-RUN-027'"))
                .isEqualTo(1);
    }

    @Test
    void a_condition_can_end_the_descent() {
        defineJson(
                "loop",
                "{\"name\": \"again\", \"workflow\": \"loop\", \"when\": {\"$from\": \"$input\", \"pointer\": \"/0\", \"exists\": true},"
                        + " \"input\": {\"$from\": \"$input\", \"pointer\": \"/0\"}}",
                "again");
        UUID run = db.start("loop", "[[[]]]");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: again SUCCEEDED");
        assertThat(db.count("select count(*) from pgflow.runs where state = 'SUCCEEDED'"))
                .isEqualTo(3);
    }

    @Test
    void the_started_run_has_the_priority_of_the_run_that_started_it() {
        defineJson("outer", "{\"name\": \"sub\", \"workflow\": \"child\"}", "sub");
        UUID run = db.row("select pgflow.start_run('outer', '1', p_priority => 1) as run_id")
                .uuid("run_id");
        db.settle();

        assertThat(db.texts("select priority::text from pgflow.runs where run_id = ?", child(run)))
                .containsExactly("1");
        db.cancel(run);
        db.settle();
    }

    @Test
    void a_definition_that_could_not_run_a_workflow_is_refused() {
        assertThat(refusal("{\"name\": \"s\", \"workflow\": \"Child\"}")).contains("named by its name");
        assertThat(refusal("{\"name\": \"s\", \"workflow\": \"child\", \"handler\": \"h\"}"))
                .contains("one of handler");
        assertThat(refusal("{\"name\": \"s\", \"workflow\": \"child\", \"version\": 0}"))
                .contains("count from 1");
        assertThat(refusal("{\"name\": \"s\", \"handler\": \"h\", \"version\": 1}"))
                .contains("belongs to");
    }

    /** A run of a, then a step that runs the child, then b; with more fields for that step. */
    private UUID parent(String fields) {
        db.defineJson("""
                {"name": "parent", "steps": [
                  {"name": "a", "handler": "parent.a"},
                  {"name": "sub", "workflow": "child", "after": ["a"]%s},
                  {"name": "b", "handler": "parent.b", "after": ["sub"]}]}
                """.formatted(fields));
        return db.start("parent", "\"in\"");
    }

    private void defineJson(String name, String steps, String returns) {
        db.defineJson("{\"name\": \"" + name + "\", \"steps\": [" + steps + "], \"returns\": \"" + returns + "\"}");
    }

    private String refusal(String step) {
        try {
            db.defineJson("{\"name\": \"refused\", \"steps\": [" + step + "]}");
            return "";
        } catch (SqlFailure e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** All that waits. */
    private void complete(String output) {
        db.complete(worker, db.claim(worker, 100), output);
    }

    private void fireDeadlines() {
        db.row("select * from pgflow.fire_deadlines()");
    }

    private UUID child(UUID run) {
        return db.row("select child_run_id from pgflow.sub_runs where run_id = ? order by fence desc limit 1", run)
                .uuid("child_run_id");
    }

    private int version(UUID run) {
        return db.row("select version from pgflow.get_run(?)", child(run)).integer("version");
    }

    private String codeOf(UUID run) {
        return db.texts("select error -> 'error' ->> 'code' from pgflow.runs where run_id = ?", run)
                .get(0);
    }
}
