package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SkipTest extends Specification {
    @Test
    void a_scheduled_task_can_be_skipped_and_its_dependents_go_on_with_null() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID run = db.start("chain");

        assertThat(db.skip(run, "a").positions()).containsExactly(1);

        assertThat(db.states(run)).isEqualTo("RUNNING: a SKIPPED, b SCHEDULED");
        Claim next = db.claimOne(worker);
        assertThat(next.outputs()).isEqualTo("{\"a\": null}");
        db.complete(worker, next);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SKIPPED, b SUCCEEDED");
    }

    @Test
    void a_pending_task_can_be_skipped_and_its_dependents_go_on_when_what_it_waited_for_has_ended() {
        db.define("chain", "a -> b -> c");
        long worker = db.worker();
        UUID run = db.start("chain");

        db.skip(run, "b");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b SKIPPED, c PENDING");
        db.complete(worker, db.claimOne(worker));
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SKIPPED, c SCHEDULED");
        db.drain(worker);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED, b SKIPPED, c SUCCEEDED");
    }

    @Test
    void a_run_can_be_cancelled_before_the_end_of_a_step_skipped_while_it_waited_is_counted() {
        db.define("diamond", "root -> left, right; left, right -> join");
        long worker = db.worker();
        UUID run = db.start("diamond");
        db.skip(run, "left", "join");
        db.complete(worker, db.claimOne(worker));
        db.complete(worker, db.claimOne(worker));
        assertThat(db.texts("select step::text from pgflow.unsettled_steps")).containsExactly("2");

        db.rows("select * from pgflow.cancel_runs(?, 'ada', null)", (Object) new UUID[] {run});

        assertThat(db.states(run)).isEqualTo("CANCELLED: root SUCCEEDED, left SKIPPED, right SUCCEEDED, join SKIPPED");
        assertThat(db.texts("select invariant || ' ' || problem from pgflow.verify()"))
                .isEmpty();
    }

    @Test
    void a_retrying_task_can_be_skipped_and_its_timer_goes() {
        db.define("single", "work");
        long worker = db.worker();
        UUID run = db.start("single");
        db.fail(worker, db.claimOne(worker));

        assertThat(db.skip(run, "work").endedRuns()).containsExactly(run);

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: work SKIPPED");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
    }

    @Test
    void a_running_task_cannot_be_skipped_nor_one_that_ended_nor_one_that_does_not_exist() {
        db.define("pair", "a, b");
        long worker = db.worker();
        UUID run = db.start("pair");
        List<Claim> claims = db.claim(worker, 2);
        db.complete(worker, claims.get(0));

        assertThat(db.skip(run, "a", "b", "nothing").positions()).isEmpty();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b RUNNING");
    }

    @Test
    void a_parked_task_can_be_skipped() {
        db.define("single", "work");
        UUID run = db.start("single");
        db.claim(db.workerWith("other.work"), 1);

        db.skip(run, "work");

        assertThat(db.texts("select * from pgflow.unserved_tasks")).isEmpty();
    }

    @Test
    void tasks_of_a_run_that_has_not_begun_cannot_be_skipped() {
        db.define("chain", "a -> b");
        UUID run = db.startDelayed("chain", "1 hour");

        assertThat(db.skip(run, "a").positions()).isEmpty();
        assertThat(db.skip(run, "b").positions()).isEmpty();

        assertThat(db.states(run)).isEqualTo("PENDING: a PENDING, b PENDING");
    }

    @Test
    void the_audit_says_who_skipped_and_why() {
        db.define("single", "work");
        UUID run = db.start("single");

        db.skip(run, "work");

        assertThat(db.texts(
                        "select actor || ': ' || (detail ->> 'reason') from pgflow.run_events(?) where event = 'task_skipped'",
                        run))
                .containsExactly("ada: not needed");
    }

    @Test
    void skipping_several_steps_while_their_common_parent_completes_does_not_deadlock() {
        db.define("mesh", "root; gate -> first; root, first -> second; root -> third -> last");
        long worker = db.worker();
        UUID run = db.start("mesh");
        Claim root = db.claim(worker, 10).stream()
                .filter(claim -> claim.name().equals("root"))
                .findFirst()
                .orElseThrow();
        Session other = session();
        other.begin();
        other.row("select 1 from pgflow.tasks where run_id = ? and step = 5 for update", run);

        Paused<Report> skipping = Paused.blocked(session(), session(), s -> s.skip(run, "first", "third"));
        Paused<Report> completing = Paused.blocked(session(), session(), s -> s.complete(worker, root));
        other.rollback();
        skipping.finish();
        completing.finish();

        assertThat(db.states(run)).contains("third SKIPPED");
    }

    @Test
    void a_run_does_not_end_while_something_before_a_skipped_step_is_unfinished() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID run = db.start("chain");
        db.skip(run, "b");
        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b SKIPPED");

        db.complete(worker, db.claimOne(worker));
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED, b SKIPPED");
    }

    @Test
    void steps_after_several_skipped_ones_go_on_when_the_last_step_before_those_ends() {
        db.define("long", "a, x; a -> b; b, x -> c; c -> d");
        long worker = db.worker();
        UUID run = db.start("long");
        assertThat(db.skip(run, "c", "b").positions()).containsExactlyInAnyOrder(1, 2);
        List<Claim> claims = db.claim(worker, 2);

        db.complete(worker, claims.get(0));
        db.settle();
        assertThat(db.states(run)).contains("d PENDING");
        db.complete(worker, claims.get(1));
        db.settle();

        assertThat(db.states(run)).contains("b SKIPPED, c SKIPPED, d SCHEDULED");
        db.cancel(run);
    }
}
