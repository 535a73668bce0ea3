package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the steps of a run did is undone when it fails or is cancelled. */
class UndoTest extends Specification {
    private long worker;

    @BeforeEach
    void a_worker_that_does_and_undoes() {
        List<String> handlers = new ArrayList<>();
        for (String step : List.of("a", "b", "c", "d", "each")) {
            handlers.addAll(List.of("flow." + step, "undo." + step));
        }
        handlers.addAll(List.of("child.work", "undo.work"));
        worker = db.workerWith(handlers.toArray(String[]::new));
    }

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
    void who_reports_the_failure_hears_that_there_is_something_to_settle_and_so_does_upkeep() {
        flow("a -> b", "a");
        UUID run = db.start("flow");
        complete("1");
        assertThat(db.failForGood(worker, db.claimOne(worker)).toSettle()).isTrue();
        assertThat(db.row("select unsettled from pgflow.upkeep_due()").truth("unsettled"))
                .isTrue();

        db.settle();
        db.settle();

        assertThat(db.row("select unsettled from pgflow.upkeep_due()").truth("unsettled"))
                .isFalse();
        assertThat(db.count("select count(*) from pgflow.undo_runs where run_id = ?", run))
                .isEqualTo(1);
    }

    @Test
    void two_that_settle_at_once_begin_it_once() {
        flow("a -> b", "a");
        UUID run = db.start("flow");
        complete("1");
        fail();
        Paused<Row> first =
                pauseAt("settle_undos-locked", session -> session.row("select * from pgflow.settle_steps(10)"));
        Paused<Row> second =
                Paused.blocked(session(), session(), session -> session.row("select * from pgflow.settle_steps(10)"));
        first.resume();
        second.finish();

        assertThat(db.count("select count(*) from pgflow.undo_runs where run_id = ?", run))
                .isEqualTo(1);
        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(2);
    }

    @Test
    void what_a_settling_that_was_rolled_back_began_is_begun_by_the_next_one() {
        flow("a -> b", "a");
        UUID run = db.start("flow");
        complete("1");
        fail();
        db.begin();
        db.row("select * from pgflow.settle_steps(10)");
        db.rollback();
        assertThat(stateOf(run)).isEqualTo("owed");

        db.settle();

        assertThat(stateOf(run)).isEqualTo("undoing");
    }

    @Test
    void a_run_goes_on_as_long_as_its_undoing_is_only_owed() {
        flow("a -> b -> c", "a", "b");
        UUID run = db.start("flow");
        complete("1");
        fail();
        assertThat(db.retry(run)).isEqualTo("retried");
        db.settle();
        assertThat(db.rows("select * from pgflow.undos")).isEmpty();

        complete("2");
        fail();
        assertThat(db.texts("select state || ' ' || generation from pgflow.undos"))
                .containsExactly("owed 2");
        db.settle();

        assertThat(undoneSteps(run)).containsExactly("b", "a");
    }

    @Test
    void once_it_has_begun_the_run_neither_goes_on_nor_begins_anew() {
        flow("a -> b -> c", "a");
        UUID run = db.start("flow");
        complete("1");
        fail();
        db.settle();

        assertThat(refusals(run)).containsOnly("undoing");
        assertThat(startAgain(run)).isEqualTo("undoing");
        complete("null");
        assertThat(startAgain(undoOf(run))).isEqualTo("undoing");
        assertThat(refusals(run)).containsOnly("undone");
        assertThat(db.texts("select code from pgflow.why_not_running(?, 'b')", run))
                .containsExactly("ended", "run_ended");
        assertThat(db.texts("select reason from pgflow.why_not_running(?, 'b')", run)
                        .get(1))
                .isEqualTo("its run has ended: FAILED; what it did is undone by run " + undoOf(run));
        assertThat(startAgain(run)).isEqualTo("started");
        db.cancel(db.row("select run_id from pgflow.run_origins").uuid("run_id"));
    }

    @Test
    void a_run_is_not_started_again_before_its_undoing_has_begun() {
        flow("a -> b", "a");
        UUID run = db.start("flow");
        complete("1");
        fail();

        assertThat(startAgain(run)).isEqualTo("undoing");
        db.settle();
        db.cancel(undoOf(run));

        assertThat(stateOf(run)).isEqualTo("stopped");
        assertThat(startAgain(run)).isEqualTo("started");
        db.cancel(db.row("select run_id from pgflow.run_origins").uuid("run_id"));
    }

    @Test
    void an_undoing_that_failed_goes_on_when_a_person_retries_it_or_passes_over_a_step() {
        flow("a -> b -> c", "a", "b");
        UUID run = db.start("flow");
        complete("1");
        complete("1");
        fail();
        db.settle();
        fail();
        assertThat(stateOf(run)).isEqualTo("failed");
        assertThat(db.states(undoOf(run))).isEqualTo("FAILED: b FAILED, a CANCELLED");
        assertThat(refusals(run)).containsOnly("undoing");

        assertThat(db.retry(undoOf(run))).isEqualTo("retried");
        fail();
        assertThat(db.skipTask(undoOf(run), "b", 0)).isEqualTo("skipped");
        db.settle();
        assertThat(complete("null")).isEqualTo("undo.a");

        assertThat(stateOf(run)).isEqualTo("undone");
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
    void equal_orders_share_a_version_however_often_they_alternate() {
        flow("a, b -> c", "a", "b");
        for (String order : List.of("ab", "ba", "ab", "ba")) {
            db.start("flow");
            List<Claim> claims = db.claim(worker, 2);
            for (String name : order.split("")) {
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
            complete("null");
            complete("null");
        }

        assertThat(db.count("select count(*) from pgflow.workflows where name = 'flow$undo'"))
                .isEqualTo(2);
        assertThat(db.count("select count(*) from pgflow.undos where state = 'undone'"))
                .isEqualTo(4);
    }

    @Test
    void labels_and_priority_are_those_of_the_run() {
        flow("a -> b", "a");
        UUID run = db.row(
                        "select pgflow.start_run('flow', '1', p_labels => '{\"customer\": \"7\"}', p_priority => 1) as run_id")
                .uuid("run_id");
        complete("1");
        fail();
        db.settle();

        assertThat(db.texts("select labels::text || ' ' || priority from pgflow.runs where run_id = ?", undoOf(run)))
                .containsExactly("{\"customer\": \"7\"} 1");
    }

    @Test
    void an_operation_on_many_runs_passes_over_undo_runs_unless_it_names_their_workflow() {
        flow("a -> b", "a");
        UUID run = db.start("flow");
        complete("1");
        fail();
        db.settle();

        assertThat(matching(null)).isEqualTo("{" + run + "}");
        assertThat(matching("flow$undo")).isEqualTo("{" + undoOf(run) + "}");
        assertThat(db.texts("select state || runs from pgflow.count_matching_runs(null, null, null, null, null)"))
                .containsExactly("FAILED1");
    }

    private String matching(String workflow) {
        return db.texts("select pgflow.matching_runs(?::text, null, null, null, null, null, 10)::text", workflow)
                .get(0);
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
    void a_run_and_what_undoes_it_are_pruned_together_with_the_workflow_that_was_made_for_it() {
        flow("a -> b", "a");
        UUID run = db.start("flow");
        complete("1");
        fail();
        assertThat(prune("{FAILED}")).isZero();
        db.settle();
        assertThat(prune("{FAILED}")).isZero();
        complete("null");
        assertThat(prune("{SUCCEEDED}")).isZero();
        assertThat(stateOf(run)).isEqualTo("undone");

        assertThat(prune("{FAILED}")).isEqualTo(2);

        assertThat(db.count("select count(*) from pgflow.runs")).isZero();
        assertThat(db.count("select count(*) from pgflow.undo_runs")).isZero();
        assertThat(db.texts("select name from pgflow.workflows")).containsExactly("flow");
        assertThat(db.texts("select distinct handler from pgflow.steps order by 1"))
                .containsExactly("flow.a", "flow.b");
    }

    @Test
    void a_workflow_that_other_runs_were_undone_by_stays() {
        flow("a -> b", "a");
        for (int i = 0; i < 2; i++) {
            db.start("flow");
            complete("1");
            fail();
            db.settle();
            if (i == 0) {
                complete("null");
            }
        }

        assertThat(prune("{FAILED}")).isEqualTo(2);

        assertThat(db.count("select count(*) from pgflow.workflows where name = 'flow$undo'"))
                .isEqualTo(1);
    }

    @Test
    void whoever_prunes_lets_a_workflow_be_that_is_about_to_be_used_again() {
        flow("a -> b", "a");
        db.start("flow");
        complete("1");
        fail();
        db.settle();
        complete("null");
        UUID run = db.start("flow");
        complete("1");
        fail();
        db.begin();
        db.row("select * from pgflow.settle_steps(10)");
        assertThat(session()
                        .row("select pruned from pgflow.prune_runs('{FAILED}', '-1 second')")
                        .integer("pruned"))
                .isEqualTo(2);
        db.commit();

        assertThat(undoneSteps(run)).containsExactly("a");
    }

    @Test
    void nobody_defines_or_starts_the_workflow_of_an_undoing() {
        flow("a -> b", "a");
        db.start("flow");
        complete("1");
        fail();
        db.settle();
        String definition = db.texts("select definition from pgflow.workflows where name = 'flow$undo'")
                .get(0);

        assertThatThrownBy(() -> db.defineJson(definition))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF002"));
        assertThatThrownBy(() -> db.start("flow$undo", "{}"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF001"));
        assertThat(db.rows("select * from pgflow.jobs")).isEmpty();
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

    @Test
    void an_exported_run_names_the_run_that_undoes_it() {
        flow("a -> b", "a");
        UUID run = db.start("flow");
        complete("1");
        fail();
        db.settle();

        assertThat(db.texts("select pgflow.export_run(?) -> 'run' ->> 'undo_run'", run))
                .containsExactly(String.valueOf(undoOf(run)));
        assertThat(db.texts("select pgflow.export_run(?) -> 'run' ->> 'undoes'", undoOf(run)))
                .containsExactly(run.toString());
    }

    @Test
    void what_cannot_be_begun_keeps_nobody_else_waiting_and_says_why() {
        flow("a -> b", "a");
        UUID run = db.start("flow");
        complete("1");
        fail();
        db.execute("alter table pgflow.undo_runs add constraint no_room check (generation > 1)");
        db.settle();

        assertThat(db.texts("select state || ': ' || problem from pgflow.undos").get(0))
                .startsWith("owed: new row");
        assertThat(db.row("select unsettled from pgflow.upkeep_due()").truth("unsettled"))
                .isFalse();
        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(1);
        db.execute("alter table pgflow.undo_runs drop constraint no_room");
        assertThat(db.retry(run)).isEqualTo("retried");
    }

    private void flow(String text, String... undone) {
        String definition = WorkflowText.definition("flow", text);
        for (String step : undone) {
            definition = WorkflowText.with(definition, step, undo(step, ""));
        }
        db.defineJson(definition);
    }

    private static String parent(String more) {
        return "{\"name\": \"flow\", \"steps\": [{\"name\": \"a\", \"handler\": \"flow.a\"},"
                + " {\"name\": \"sub\", \"workflow\": \"child\", \"maxAttempts\": 1, \"after\": [\"a\"]" + more + "},"
                + " {\"name\": \"b\", \"handler\": \"flow.b\", \"after\": [\"sub\"]}]}";
    }

    private static String undo(String step, String more) {
        return "\"undo\": {\"handler\": \"undo." + step + "\"" + more + "}";
    }

    /** Completes the next task; its handler. */
    private String complete(String output) {
        Claim claim = db.claimOne(worker);
        db.complete(worker, claim, output);
        db.settle();
        return handler(claim);
    }

    /** Fails the next task for good, and leaves what follows to be settled. */
    private String fail() {
        Claim claim = db.claimOne(worker);
        db.failForGood(worker, claim);
        return handler(claim);
    }

    private String handler(Claim claim) {
        return db.texts(
                        "select s.handler from pgflow.runs r join pgflow.steps s using (workflow_id) where r.run_id = ? and s.step = ?",
                        claim.runId(),
                        claim.step())
                .get(0);
    }

    private UUID undoOf(UUID run) {
        String undo = db.row("select pgflow.undo_of(?) as undo", run).text("undo");
        return undo == null ? null : UUID.fromString(undo);
    }

    private String stateOf(UUID run) {
        return db.texts("select state from pgflow.undos where run_id = ?", run).get(0);
    }

    private List<String> undoneSteps(UUID run) {
        return db.texts(
                "select s.name from pgflow.runs r join pgflow.steps s using (workflow_id) where r.run_id = ? order by s.step",
                undoOf(run));
    }

    private List<String> refusals(UUID run) {
        return Arrays.asList(
                db.retry(run), db.rerun(run, "a"), db.setOutput(run, "c", 0, "1"), db.skipTask(run, "c", 0));
    }

    private String startAgain(UUID run) {
        return String.valueOf(
                db.row("select outcome from pgflow.start_again(?, gen_random_uuid(), null, 'ada', null)", run)
                        .text("outcome"));
    }

    private int prune(String states) {
        return db.row("select pruned from pgflow.prune_runs(?::text[], '-1 second')", states)
                .integer("pruned");
    }
}
