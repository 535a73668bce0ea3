package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What the steps of a run did is undone when it fails or is cancelled. */
class UndoTest extends UndoSpecification {
    @Test
    void a_run_that_fails_is_undone_in_the_reverse_order_of_success() {
        flow("a -> b -> c", "a", "b", "c");
        UUID run = db.start("flow", "\"in\"");
        complete("\"A\"");
        complete("\"B\"");
        fail();
        assertThat(db.states(run)).isEqualTo("FAILED: a SUCCEEDED, b SUCCEEDED, c FAILED");
        assertThat(stateOf(run)).isEqualTo("owed");

        db.settle();
        UUID undo = undoOf(run);
        assertThat(stateOf(run)).isEqualTo("undoing");
        assertThat(db.texts("select input from pgflow.runs where run_id = ?", undo))
                .containsExactly("{\"a\": \"A\", \"b\": \"B\"}");
        assertThat(db.states(undo)).isEqualTo("RUNNING: b SCHEDULED, a PENDING");
        assertThat(complete("null")).isEqualTo("undo.b");
        assertThat(complete("null")).isEqualTo("undo.a");

        assertThat(db.states(undo)).isEqualTo("SUCCEEDED: b SUCCEEDED, a SUCCEEDED");
        assertThat(stateOf(run)).isEqualTo("undone");
        assertThat(db.states(run)).startsWith("FAILED");
    }

    @Test
    void each_step_of_the_undo_run_reads_its_output_and_keeps_the_options_of_what_it_undoes() {
        db.define(
                "flow",
                "a(queue slow, timeout PT7S, maxAttempts 5, retryDelay PT2S) -> b",
                "a",
                undo("a", ", \"maxAttempts\": 20"));
        long slow = db.row("select pgflow.register_worker('slow', '{slow,default}', '{flow.a,flow.b}') as id")
                .number("id");
        UUID run = db.start("flow");
        db.complete(slow, db.claim(slow, "slow", 1), "{\"id\": 7}");
        db.failForGood(slow, db.claim(slow, "default", 1).get(0));
        db.settle();

        assertThat(db.texts("""
                select concat_ws(' ', s.name, s.handler, s.queue, s.timeout, s.max_attempts, s.retry_delay)
                from pgflow.steps s join pgflow.runs r using (workflow_id) where r.run_id = ?
                """, undoOf(run))).containsExactly("a undo.a slow 00:00:07 20 00:00:02");
        assertThat(db.texts(
                        "select definition -> 'steps' -> 0 ->> 'input' from pgflow.workflows where name = 'flow$undo'"))
                .containsExactly("{\"$from\": \"$input\", \"pointer\": \"/a\"}");
    }

    @Test
    void a_run_that_is_cancelled_is_undone_and_what_had_not_succeeded_is_not() {
        flow("a -> b, c -> d", "a", "b", "c", "d");
        UUID run = db.start("flow");
        complete("1");
        complete("2");
        db.cancel(run);
        db.settle();

        assertThat(db.states(undoOf(run))).isEqualTo("RUNNING: b SCHEDULED, a PENDING");
    }

    @Test
    void branches_are_undone_by_the_time_of_their_success() {
        flow("a, b, c -> d", "a", "b", "c", "d");
        UUID run = db.start("flow");
        List<Claim> claims = db.claim(worker, 3);
        for (String name : List.of("b", "c", "a")) {
            db.complete(
                    worker,
                    claims.stream()
                            .filter(claim -> claim.name().equals(name))
                            .findFirst()
                            .orElseThrow(),
                    "1");
        }
        fail();
        db.settle();

        assertThat(undoneSteps(run)).containsExactly("a", "c", "b");
        assertThat(db.texts("select reason from pgflow.plan_move(?, 1)", undoOf(run)))
                .containsExactly("the run undoes another one");
    }

    @Test
    void a_clock_that_goes_back_changes_nothing_about_the_order() {
        flow("a -> b -> c", "a", "b");
        UUID run = db.start("flow");
        db.clock("1 hour");
        complete("1");
        db.clock("0");
        complete("1");
        fail();
        db.settle();

        assertThat(undoneSteps(run)).containsExactly("b", "a");
    }

    @Test
    void a_step_that_a_person_ended_early_is_still_undone_before_what_it_comes_after() {
        flow("a -> b -> c", "a", "b");
        UUID run = db.start("flow");
        assertThat(db.setOutput(run, "b", 0, "\"by hand\"")).isEqualTo("set");
        complete("1");
        db.settle();
        fail();
        db.settle();

        assertThat(undoneSteps(run)).containsExactly("b", "a");
        assertThat(db.texts("select input ->> 'b' from pgflow.runs where run_id = ?", undoOf(run)))
                .containsExactly("by hand");
    }

    @Test
    void of_a_map_the_items_that_succeeded_are_undone_one_at_a_time_the_last_one_first() {
        flow("a -> each* -> b", "a", "each");
        UUID run = db.start("flow");
        complete("[1, 2, 3, 4]");
        List<Claim> items = new ArrayList<>(db.claim(worker, 4));
        items.sort(Comparator.comparing(Claim::item));
        for (int item : List.of(2, 0, 3)) {
            db.complete(worker, items.get(item), "\"out " + item + "\"");
        }
        db.failForGood(worker, items.get(1));
        db.settle();
        assertThat(db.states(run))
                .isEqualTo("FAILED: a SUCCEEDED, each CANCELLED, each[1] SUCCEEDED, each[2] FAILED, each[3] SUCCEEDED,"
                        + " each[4] SUCCEEDED, b CANCELLED");

        UUID undo = undoOf(run);
        assertThat(db.texts("select input ->> 'each' from pgflow.runs where run_id = ?", undo))
                .containsExactly("[\"out 3\", \"out 0\", \"out 2\"]");
        assertThat(db.states(undo))
                .isEqualTo("RUNNING: each RUNNING, each[1] SCHEDULED, each[2] PENDING, each[3] PENDING, a PENDING");
        assertThat(db.claim(worker, 5)).singleElement().satisfies(claim -> {
            assertThat(claim.input()).isEqualTo("\"out 3\"");
            db.complete(worker, claim, "null");
        });
        db.settle();
        complete("null");
        complete("null");
        assertThat(complete("null")).isEqualTo("undo.a");
        assertThat(stateOf(run)).isEqualTo("undone");
    }

    @Test
    void a_map_alone_is_undone_too() {
        flow("each* -> b", "each");
        UUID run = db.start("flow", "[1, 2]");
        complete("\"x\"");
        complete("\"y\"");
        fail();
        db.settle();

        assertThat(db.texts("select input ->> 'each' from pgflow.runs where run_id = ?", undoOf(run)))
                .containsExactly("[\"y\", \"x\"]");
    }

    @Test
    void nothing_is_begun_when_there_is_nothing_to_undo() {
        flow("a -> b", "b");
        UUID run = db.start("flow");
        complete("1");
        fail();
        db.define("plain", "a -> b");
        db.cancel(db.start("plain"));
        assertThat(db.count("select count(*) from pgflow.owed_undos")).isZero();
        db.settle();

        assertThat(undoOf(run)).isNull();
        assertThat(db.row("select unsettled from pgflow.upkeep_due()").truth("unsettled"))
                .isFalse();
    }

    @Test
    void a_run_that_succeeds_is_not_undone() {
        flow("a -> b", "a", "b");
        UUID run = db.start("flow");
        complete("1");
        complete("1");
        db.settle();

        assertThat(db.states(run)).startsWith("SUCCEEDED");
        assertThat(db.rows("select * from pgflow.undos")).isEmpty();
    }

    @Test
    void a_fallback_is_not_undone() {
        String definition = WorkflowText.definition("flow", "a(onFailure fallback, maxAttempts 1) -> b");
        db.defineJson(WorkflowText.with(definition, "a", undo("a", "") + ", \"fallback\": 0"));
        UUID run = db.start("flow");
        fail();
        fail();
        assertThat(db.states(run)).isEqualTo("FAILED: a SUCCEEDED, b FAILED");
        db.settle();

        assertThat(db.rows("select * from pgflow.undos")).isEmpty();
    }

    @Test
    void a_cached_output_that_was_used_again_is_not_undone() {
        flow("a -> b", "a");
        db.execute(
                "insert into pgflow.cached_outputs values ('c', pgflow._key_hash('1'), '1', '[1]', gen_random_uuid(), now(),"
                        + " now() + interval '1 day')");
        db.start("flow");
        db.reuse(worker, db.claim(worker, 1), "c", "1");
        fail();
        db.settle();

        assertThat(db.rows("select * from pgflow.undos")).isEmpty();
    }

    @Test
    void a_run_that_misses_its_deadline_is_undone() {
        flow("a -> b", "a");
        UUID run = db.row("select pgflow.start_run('flow', '1', p_deadline => '1 minute') as run_id")
                .uuid("run_id");
        complete("1");
        db.clock("2 minutes");
        assertThat(db.row("select to_settle from pgflow.fire_deadlines()").truth("to_settle"))
                .isTrue();
        db.settle();

        assertThat(undoneSteps(run)).containsExactly("a");
    }

    @Test
    void a_run_that_succeeded_and_fails_when_it_is_rerun_is_undone_as_it_is_then() {
        flow("a -> b", "a", "b");
        UUID run = db.start("flow");
        complete("\"first\"");
        complete("1");
        db.rerun(run, "b");
        fail();
        db.settle();

        assertThat(undoneSteps(run)).containsExactly("a");
    }

    @Test
    void a_child_that_fails_undoes_itself_and_the_parent_undoes_its_own_steps() {
        String child = WorkflowText.definition("child", "work -> c").replace("child.c", "flow.c");
        db.defineJson(WorkflowText.with(child, "work", undo("work", "")));
        db.defineJson(WorkflowText.with(parent(""), "a", undo("a", "")));
        UUID run = db.start("flow");
        complete("\"A\"");
        assertThat(complete("\"W\"")).isEqualTo("child.work");
        assertThat(fail()).isEqualTo("flow.c");
        db.settle();

        UUID inner = db.row("select child_run_id from pgflow.sub_runs").uuid("child_run_id");
        assertThat(undoneSteps(inner)).containsExactly("work");
        assertThat(undoneSteps(run)).containsExactly("a");
    }

    @Test
    void a_child_that_succeeded_is_undone_when_its_parents_step_says_how_with_what_it_returned() {
        db.defineJson(WorkflowText.with(
                "{\"name\": \"child\", \"steps\": [{\"name\": \"work\", \"handler\": \"child.work\"}], \"returns\": \"work\"}",
                "work",
                undo("work", "")));
        db.defineJson(parent(", " + undo("d", "")));
        UUID run = db.start("flow");
        complete("1");
        complete("\"child's\"");
        fail();
        db.settle();

        assertThat(undoneSteps(run)).containsExactly("sub");
        assertThat(db.texts("select input ->> 'sub' from pgflow.runs where run_id = ?", undoOf(run)))
                .containsExactly("child's");
        assertThat(complete("null")).isEqualTo("undo.d");
        assertThat(db.count("select count(*) from pgflow.undo_runs")).isEqualTo(1);
    }

    @Test
    void what_undoes_a_step_is_checked() {
        for (String bad : List.of(
                "\"undo\": \"refund\"",
                "\"undo\": {}",
                "\"undo\": {\"handler\": \"No\"}",
                "\"undo\": {\"handler\": \"refund\", \"maxAttempts\": 101}")) {
            assertThatThrownBy(() -> db.define("flow", "a", "a", bad))
                    .as(bad)
                    .hasMessageContaining("what undoes step 'a' is not valid");
        }
        assertThatThrownBy(
                        () -> db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"a\", \"sleep\": \"PT1S\", "
                                + undo("a", "") + "}]}"))
                .hasMessageContaining("has nothing to undo");
        assertThatThrownBy(
                        () -> db.defineJson(
                                "{\"name\": \"flow\", \"steps\": [{\"name\": \"a\", \"handler\": \"a\", \"over\": \"$input/x\"}]}"))
                .hasMessageContaining("comes after '$input/x'");
    }

    private static String parent(String more) {
        return "{\"name\": \"flow\", \"steps\": [{\"name\": \"a\", \"handler\": \"flow.a\"},"
                + " {\"name\": \"sub\", \"workflow\": \"child\", \"maxAttempts\": 1, \"after\": [\"a\"]" + more + "},"
                + " {\"name\": \"b\", \"handler\": \"flow.b\", \"after\": [\"sub\"]}]}";
    }
}
