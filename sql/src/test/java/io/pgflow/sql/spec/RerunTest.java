package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Steps that run again with all that comes after them, and runs that are started again. */
class RerunTest extends Specification {

    @Test
    void a_step_of_a_finished_run_runs_again_with_all_that_comes_after_it() {
        db.define("diamond", "root -> left, right; left, right -> join -> last");
        long worker = db.worker();
        UUID run = db.start("diamond");
        db.drain(worker);

        assertThat(db.rerun(run, "left")).isEqualTo("rerun");

        assertThat(db.states(run))
                .isEqualTo("RUNNING: root SUCCEEDED, left SCHEDULED, right SUCCEEDED, join PENDING, last PENDING");
        db.complete(worker, db.claimOne(worker), "\"new\"");
        assertThat(db.claimOne(worker).outputs()).contains("\"left\": \"new\"");
    }

    @Test
    void what_a_step_gave_in_an_earlier_generation_is_kept() {
        db.define("single", "work");
        long worker = db.worker();
        UUID run = db.start("single");
        db.complete(worker, db.claimOne(worker), "\"old\"");

        db.rerun(run, "work");
        db.complete(worker, db.claimOne(worker), "\"new\"");

        assertThat(db.output(run, "work")).isEqualTo("\"new\"");
        assertThat(db.texts("select generation || ' ' || state || ' ' || output from pgflow.past_generations"))
                .containsExactly("1 SUCCEEDED \"old\"");
        assertThat(db.texts(
                        "select actor || ': ' || (detail ->> 'reason') from pgflow.run_events(?) where generation = 2 and actor is not null",
                        run))
                .containsExactly("ada: once more", "ada: once more");
    }

    @Test
    void in_a_running_run_what_waits_behind_the_step_is_taken_back() {
        db.define("fan", "a -> b, c; x");
        long worker = db.worker();
        UUID run = db.start("fan");
        for (Claim claim : db.claim(worker, 2)) {
            if (claim.name().equals("a")) {
                db.complete(worker, claim);
            }
        }
        Claim b = db.claim(worker, 1).get(0);
        db.fail(worker, b);
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b RETRYING, c SCHEDULED, x RUNNING");

        assertThat(db.rerun(run, "a")).isEqualTo("rerun");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b PENDING, c PENDING, x RUNNING");
        assertThat(db.count("select generation from pgflow.runs")).isEqualTo(1);
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
        assertThat(db.history(run)).contains("b recall_retrying", "c recall_scheduled", "a restart", "b restart");
    }

    @Test
    void a_step_is_not_rerun_while_somebody_works_on_it_or_on_what_comes_after_it() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID run = db.start("chain");
        assertThat(db.rerun(run, "a")).isEqualTo("waiting");
        db.complete(worker, db.claimOne(worker));
        assertThat(db.rerun(run, "b")).isEqualTo("waiting");
        db.claimOne(worker);

        assertThat(db.rerun(run, "a")).isEqualTo("running");
        assertThat(db.rerun(run, "none")).isEqualTo("unknown");
        assertThat(db.rerun(db.startDelayed("chain", "1 hour"), "a")).isEqualTo("pending");
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b RUNNING");
    }

    @Test
    void steps_of_one_run_are_rerun_together_or_not_at_all() {
        db.define("pair", "a, b");
        long worker = db.worker();
        UUID run = db.start("pair");
        db.complete(worker, db.claimOne(worker));

        assertThat(db.rerun(run, "a", "b")).isEqualTo("waiting, waiting");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
    }

    @Test
    void a_map_opens_anew_over_the_array_that_there_is_then() {
        db.define("map", "list -> each* -> sum");
        long worker = db.worker();
        UUID run = db.start("map");
        db.complete(worker, db.claimOne(worker), "[1, 2, 3]");
        db.drain(worker);

        db.rerun(run, "list");
        assertThat(db.states(run)).isEqualTo("RUNNING: list SCHEDULED, each PENDING, sum PENDING");
        db.complete(worker, db.claimOne(worker), "[8, 9]");

        assertThat(db.states(run))
                .isEqualTo("RUNNING: list SUCCEEDED, each RUNNING, each[1] SCHEDULED, each[2] SCHEDULED, sum PENDING");
        Claim item = db.claimOne(worker);
        assertThat(item.input()).isEqualTo("8");
        assertThat(item.fence()).isEqualTo(2);
        db.complete(worker, item, "1");
        db.drain(worker);
        db.rerun(run, "list");
        db.complete(worker, db.claimOne(worker), "[1, 2, 3, 4]");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED").contains("each[4] SUCCEEDED");
    }

    @Test
    void in_a_failed_run_what_failed_elsewhere_begins_anew_too() {
        db.define("pair", "a, b -> c");
        long worker = db.worker();
        UUID run = db.start("pair");
        var claims = db.claim(worker, 2);
        db.complete(worker, claims.get(0));
        db.failForGood(worker, claims.get(1));

        assertThat(db.rerun(run, claims.get(0).name())).isEqualTo("rerun");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b SCHEDULED, c PENDING");
    }

    @Test
    void a_condition_is_decided_again() {
        db.define("choice", "a -> b", "b", "\"when\": {\"$from\": \"a\", \"eq\": 2}");
        long worker = db.worker();
        UUID run = db.start("choice");
        db.complete(worker, db.claimOne(worker), "1");
        db.settle();
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED, b SKIPPED");

        db.rerun(run, "a");
        db.complete(worker, db.claimOne(worker), "2");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
    }

    @Test
    void a_rerun_and_the_report_that_ends_a_parent_meet_without_losing_count() {
        db.define("join", "a, x -> j; a -> b");
        long worker = db.worker();
        UUID run = db.start("join");
        var claims = db.claim(worker, 2);
        Claim a = claims.stream().filter(c -> c.name().equals("a")).findFirst().orElseThrow();
        Claim x = claims.stream().filter(c -> c.name().equals("x")).findFirst().orElseThrow();
        db.complete(worker, a);

        Paused<String> rerun = pauseAt("rerun_steps-locked", session -> session.rerun(run, "a"));
        Paused<Report> report = Paused.blocked(session(), session(), session -> session.complete(worker, x));
        assertThat(rerun.resume()).isEqualTo("rerun");
        report.finish();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, x SUCCEEDED, j PENDING, b PENDING");
        assertThat(db.rows("select * from pgflow.verify()")).isEmpty();
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_run_is_started_again_with_another_input_and_the_old_one_stays() {
        db.define("single", "work");
        long worker = db.worker();
        UUID old = db.row(
                        "select pgflow.start_run('single', '1', p_labels => '{\"a\": \"b\"}', p_priority => 1) as run_id")
                .uuid("run_id");
        db.failForGood(worker, db.claimOne(worker));
        UUID fresh = UUID.randomUUID();

        assertThat(startAgain(old, fresh, "2")).isEqualTo("started");
        assertThat(startAgain(old, fresh, "2")).isEqualTo("already started");

        assertThat(db.claimOne(worker).input()).isEqualTo("2");
        assertThat(db.texts("select input::text || labels || priority from pgflow.runs where run_id = ?", fresh))
                .containsExactly("2{\"a\": \"b\"}1");
        assertThat(db.texts(
                        "select origin_id || ' ' || actor || ': ' || reason from pgflow.run_origins where run_id = ?",
                        fresh))
                .containsExactly(old + " ada: typo");
        assertThat(db.states(old)).isEqualTo("FAILED: work FAILED");
        assertThat(db.texts("select input::text from pgflow.runs where run_id = ?", old))
                .containsExactly("1");
    }

    @Test
    void without_an_input_it_is_the_old_one_and_a_run_that_has_not_ended_is_not_started_again() {
        db.define("map", "each*");
        long worker = db.worker();
        UUID old = db.start("map", "[1]");
        assertThat(startAgain(old, UUID.randomUUID(), null)).isEqualTo("running");
        assertThat(startAgain(UUID.randomUUID(), UUID.randomUUID(), null)).isEqualTo("unknown");
        db.drain(worker);
        UUID fresh = UUID.randomUUID();

        assertThat(startAgain(old, fresh, null)).isEqualTo("started");

        assertThat(db.texts("select input::text from pgflow.runs where run_id = ?", fresh))
                .containsExactly("[1]");
        assertThatThrownBy(() -> startAgain(old, UUID.randomUUID(), "7"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF004"));
    }

    private String startAgain(UUID old, UUID fresh, String input) {
        return String.valueOf(
                db.row("select * from pgflow.start_again(?, ?, ?::jsonb, 'ada', 'typo')", old, fresh, input)
                        .text("outcome"));
    }
}
