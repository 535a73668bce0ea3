package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The run that undoes another one: how it begins, what people may do with it and with the one it undoes, and how both go. */
class UndoRunTest extends UndoSpecification {
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

    private String matching(String workflow) {
        return db.texts("select pgflow.matching_runs(?::text, null, null, null, null, null, 10)::text", workflow)
                .get(0);
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
