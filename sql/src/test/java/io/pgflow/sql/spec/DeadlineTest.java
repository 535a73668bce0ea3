package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class DeadlineTest extends Specification {
    private static final String EVERYTHING = "{\"$from\": \"$input\", \"exists\": true}";

    @Test
    void a_run_that_has_not_ended_by_its_deadline_fails_and_what_it_has_left_is_cancelled() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID run = startUntil("chain", "10 minutes");
        Claim claim = db.claimOne(worker);

        db.clock("9 minutes");
        assertThat(fire().integer("fired")).isZero();
        db.clock("11 minutes");
        Row fired = fire();

        assertThat(fired.integer("fired")).isOne();
        assertThat(fired.list("ended_run_ids", UUID.class)).containsExactly(run);
        assertThat(fired.list("interrupted_run_ids", UUID.class)).containsExactly(run);
        assertThat(db.states(run)).isEqualTo("FAILED: a CANCELLED, b CANCELLED");
        assertThat(code("select error -> 'error' ->> 'code' from pgflow.runs")).isEqualTo("PGF-RUN-040");
        assertThat(db.complete(worker, claim).positions()).containsExactly(1);
        assertThat(db.count("select count(*) from pgflow.deadlines")).isZero();
    }

    @Test
    void a_workflow_gives_its_runs_a_deadline_and_a_start_another_one() {
        db.defineJson(timed(WorkflowText.definition("chain", "a -> b"), "PT1H"));
        db.defineJson(timed(WorkflowText.definition("single", "a"), "PT1H"));
        UUID usual = db.start("chain");
        UUID single = db.start("single");
        UUID own = startUntil("chain", "2 hours");

        db.clock("61 minutes");
        fire();

        assertThat(state(usual)).isEqualTo("FAILED");
        assertThat(state(single)).isEqualTo("FAILED");
        assertThat(state(own)).isEqualTo("RUNNING");
    }

    @Test
    void the_deadline_of_a_delayed_run_counts_from_its_beginning() {
        db.defineJson(timed(WorkflowText.definition("chain", "a -> b"), "PT1H"));
        UUID usual = db.startDelayed("chain", "1 hour");
        UUID own = db.row(
                        "select pgflow.start_run('chain', '1', p_delay => '1 hour', p_deadline => '30 minutes') as id")
                .uuid("id");

        assertThat(
                        db.texts(
                                "select extract(epoch from due_at - created_at)::int / 60 from pgflow.deadlines join pgflow.runs using (run_id) order by 1"))
                .containsExactly("90", "120");
        db.clock("91 minutes");
        db.fire();
        fire();

        assertThat(state(own)).isEqualTo("FAILED");
        assertThat(state(usual)).isEqualTo("RUNNING");
    }

    @Test
    void a_delayed_run_that_nobody_began_in_time_fails_without_having_begun() {
        db.define("chain", "a -> b");
        UUID run = db.row("select pgflow.start_run('chain', '1', p_delay => '1 hour', p_deadline => '1 minute') as id")
                .uuid("id");

        db.clock("2 hours");
        fire();

        assertThat(db.states(run)).isEqualTo("FAILED: a CANCELLED, b CANCELLED");
        assertThat(db.history(run)).contains("fail_delayed");
        assertThat(db.fire()).isZero();
    }

    @Test
    void a_start_that_another_run_stands_for_leaves_that_runs_deadline_as_it_is() {
        db.define("single", "a");
        db.row("select pgflow.start_run('single', '1', 'key', p_deadline => '1 hour')");
        db.row("select pgflow.start_run('single', '1', 'key', p_deadline => '1 minute')");

        db.clock("2 minutes");

        assertThat(fire().integer("fired")).isZero();
        assertThat(db.count("select count(*) from pgflow.deadlines")).isOne();
    }

    @Test
    void a_deadline_of_no_length_is_refused() {
        db.define("single", "a");

        assertThatThrownBy(() -> startUntil("single", "0 seconds"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF004"));
        assertThat(db.count("select count(*) from pgflow.runs")).isZero();
        assertThatThrownBy(() -> db.define("never", "a(deadline PT0S)"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF002"));
    }

    @Test
    void a_run_that_ended_in_time_is_left_alone_and_forgotten() {
        db.define("single", "a");
        long worker = db.worker();
        UUID run = startUntil("single", "1 minute");
        UUID later = startUntil("single", "1 hour");
        db.drain(worker);

        db.clock("2 minutes");
        Row fired = fire();

        assertThat(fired.integer("fired")).isZero();
        assertThat(fired.text("next_due_in")).as("later ended, too").isNull();
        assertThat(state(run)).isEqualTo("SUCCEEDED");
        assertThat(state(later)).isEqualTo("SUCCEEDED");
    }

    @Test
    void cancelling_a_run_and_skipping_a_step_take_their_deadlines() {
        db.define("pair", "a(deadline PT1M), b(deadline PT1M)");
        UUID run = startUntil("pair", "1 hour");
        db.settle();
        db.skip(run, "a");
        assertThat(db.count("select count(*) from pgflow.deadlines")).isEqualTo(2);

        db.cancel(run);

        assertThat(db.count("select count(*) from pgflow.deadlines")).isZero();
    }

    @Test
    void a_steps_deadline_begins_when_it_is_scheduled_and_counts_all_its_attempts_and_all_its_waiting() {
        db.define("chain", "a -> b(deadline PT10M, maxAttempts 5, retryDelay PT1M) -> c");
        long worker = db.worker();
        UUID run = db.start("chain");
        db.clock("1 hour");
        db.complete(worker, db.claimOne(worker));
        db.settle();
        db.clock("65 minutes");
        db.fail(worker, db.claimOne(worker));
        db.clock("67 minutes");
        db.fire();
        db.claimOne(worker);

        assertThat(fire().integer("fired")).isZero();
        db.clock("71 minutes");
        Row fired = fire();

        assertThat(fired.list("interrupted_run_ids", UUID.class)).containsExactly(run);
        assertThat(db.states(run)).isEqualTo("FAILED: a SUCCEEDED, b FAILED, c CANCELLED");
        assertThat(code("select error -> 'error' ->> 'code' from pgflow.runs")).isEqualTo("PGF-RUN-041");
        assertThat(db.texts("select error ->> 'step' from pgflow.runs")).containsExactly("b");
    }

    @Test
    void a_step_that_nobody_took_or_that_waits_for_a_retry_is_late_too() {
        db.define("waiting", "queued(deadline PT1M)");
        db.define("retrying", "again(deadline PT1M, retryDelay PT30M, maxRetryDelay PT30M)");
        long worker = db.workerWith("retrying.again");
        UUID waiting = db.start("waiting");
        UUID retrying = db.start("retrying");
        db.settle();
        db.fail(
                worker,
                db.claim(worker, 2).stream()
                        .filter(c -> c.runId().equals(retrying))
                        .findFirst()
                        .orElseThrow());

        db.clock("2 minutes");
        fire();

        assertThat(db.states(waiting)).isEqualTo("FAILED: queued FAILED");
        assertThat(db.states(retrying)).isEqualTo("FAILED: again FAILED");
        assertThat(db.history(waiting)).contains("queued expire_scheduled");
        assertThat(db.history(retrying)).contains("again expire_retrying");
        assertThat(db.count("select count(*) from pgmq.q_pgf2_default")).isZero();
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
        assertThat(db.count("select count(*) from pgflow.parked_tasks")).isZero();
    }

    @Test
    void what_follows_a_missed_deadline_is_what_the_step_says_for_its_failure() {
        db.define(
                "policies",
                "skip(deadline PT1M, onFailure skip) -> after_skip;"
                        + " branch(deadline PT1M, onFailure skipBranch) -> after_branch;"
                        + " fall(deadline PT1M, onFailure fallback, fallback 7) -> after_fall");
        long worker = db.worker();
        UUID run = db.start("policies");
        db.settle();
        db.claim(worker, 1);

        db.clock("2 minutes");
        fire();
        db.settle();

        assertThat(db.states(run))
                .isEqualTo("RUNNING: skip SKIPPED, after_skip SCHEDULED, branch SKIPPED, after_branch SKIPPED,"
                        + " fall SUCCEEDED, after_fall SCHEDULED");
        assertThat(db.output(run, "fall")).isEqualTo("7");
        db.drain(worker);
        assertThat(state(run)).isEqualTo("SUCCEEDED");
    }

    @Test
    void the_last_steps_of_a_run_end_it_when_they_are_passed_over() {
        db.define("sinks", "skip(deadline PT1M, onFailure skip), fall(deadline PT1M, onFailure fallback, fallback 7)");
        UUID run = db.start("sinks");
        db.settle();

        db.clock("2 minutes");

        assertThat(fire().list("ended_run_ids", UUID.class)).containsExactly(run);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: skip SKIPPED, fall SUCCEEDED");
    }

    @Test
    void a_map_that_collects_gives_by_its_deadline_what_is_there() {
        db.defineJson(WorkflowText.with(
                WorkflowText.definition("harvest", "each*(atOnce 3, deadline PT1M) -> sum"),
                "each",
                "\"collect\": true"));
        long worker = db.worker();
        UUID run = db.start("harvest", "[1, 2, 3, 4, 5]");
        db.settle();
        Claim first = db.claim(worker, 3).stream()
                .filter(claim -> claim.item() == 1)
                .findFirst()
                .orElseThrow();
        db.complete(worker, first, "10");
        db.settle();

        db.clock("2 minutes");
        fire();
        db.settle();

        assertThat(db.states(run))
                .isEqualTo("RUNNING: each SUCCEEDED, each[1] SUCCEEDED, each[2] FAILED, each[3] FAILED, each[4] FAILED,"
                        + " each[5] FAILED, sum SCHEDULED");
        assertThat(db.output(run, "each"))
                .contains("[10, null, null, null, null]")
                .contains("PGF-RUN-041");
        assertThat(db.history(run)).contains("each[5] expire_pending", "each[4] expire_scheduled", "each[2] fail");
    }

    @Test
    void items_of_a_late_map_are_passed_over_or_fall_back_one_by_one() {
        db.define(
                "maps",
                "skipped*(atOnce 2, deadline PT1M, onFailure skip), filled*(atOnce 2, deadline PT1M, onFailure fallback, fallback 0)");
        long worker = db.worker();
        UUID run = db.start("maps", "[1, 2, 3]");
        db.settle();
        List<Claim> claims = db.claim(worker, 4);
        db.complete(worker, claims.get(0), "1");
        claims.stream().skip(1).forEach(claim -> db.fail(worker, claim));

        db.clock("2 minutes");
        fire();
        db.settle();

        assertThat(state(run)).isEqualTo("SUCCEEDED");
        assertThat(db.texts("select count(*) from pgflow.tasks where state in ('SUCCEEDED', 'SKIPPED')"))
                .containsExactly("8");
        assertThat(db.history(run))
                .anyMatch(event -> event.endsWith("skip_late_pending"))
                .anyMatch(event -> event.endsWith("fall_back_pending"))
                .anyMatch(event -> event.endsWith("fall_back_retrying"));
    }

    @Test
    void a_late_map_whose_items_may_not_fail_fails_its_run() {
        db.define("strict", "each*(deadline PT1M) -> sum");
        UUID run = db.start("strict", "[1, 2]");
        db.settle();

        db.clock("2 minutes");
        fire();

        assertThat(db.states(run)).isEqualTo("FAILED: each CANCELLED, each[1] FAILED, each[2] FAILED, sum CANCELLED");
    }

    @Test
    void a_step_with_a_deadline_and_a_condition_counts_from_when_it_holds() {
        db.define("choosy", "a(deadline PT1M)", "a", "\"when\": " + EVERYTHING);
        db.define("idle", "a(deadline PT1M) -> b", "a", "\"when\": {\"not\": " + EVERYTHING + "}");
        UUID choosy = db.start("choosy", "1");
        UUID idle = db.start("idle", "1");
        assertThat(db.count("select count(*) from pgflow.deadlines")).isZero();
        db.settle();
        assertThat(db.count("select count(*) from pgflow.deadlines")).isOne();

        db.clock("2 minutes");
        fire();

        assertThat(state(choosy)).isEqualTo("FAILED");
        assertThat(db.states(idle)).isEqualTo("RUNNING: a SKIPPED, b SCHEDULED");
    }

    @Test
    void what_begins_anew_has_no_deadline_of_the_run_and_a_new_one_of_each_step() {
        db.define("chain", "a(deadline PT10M) -> b");
        long worker = db.worker();
        UUID run = startUntil("chain", "20 minutes");
        db.settle();
        db.drain(worker);
        db.clock("9 minutes");
        db.rerun(run, "a");
        db.settle();

        db.clock("18 minutes");
        assertThat(fire().integer("fired")).as("of the first generation").isZero();
        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b PENDING");
        db.clock("20 minutes");
        assertThat(fire().integer("fired")).isOne();
        assertThat(db.states(run)).isEqualTo("FAILED: a FAILED, b CANCELLED");

        db.retry(run);
        db.settle();
        db.clock("29 minutes");
        assertThat(fire().integer("fired")).isZero();
        db.drain(worker);
        assertThat(state(run)).isEqualTo("SUCCEEDED");
    }

    @Test
    void upkeep_knows_deadlines_and_when_the_next_one_is() {
        db.define("single", "a");
        startUntil("single", "1 hour");
        assertThat(db.row("select deadlines, next_due_in > '59 minutes' as waits from pgflow.upkeep_due()")
                        .columns())
                .containsEntry("deadlines", false)
                .containsEntry("waits", true);

        db.clock("2 hours");

        assertThat(db.row("select deadlines from pgflow.upkeep_due()").truth("deadlines"))
                .isTrue();
    }

    @Test
    void a_report_that_comes_while_the_deadline_fires_waits_and_is_stale() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID run = startUntil("chain", "1 minute");
        Claim claim = db.claimOne(worker);

        Paused<Row> firing = pauseAt("fire_deadlines-locked", session -> {
            session.clock("2 minutes");
            return session.row("select * from pgflow.fire_deadlines()");
        });
        Paused<Report> completing = Paused.blocked(session(), session(), s -> s.complete(worker, claim));
        firing.resume();

        assertThat(completing.finish().positions()).containsExactly(1);
        assertThat(db.states(run)).isEqualTo("FAILED: a CANCELLED, b CANCELLED");
    }

    @Test
    void a_run_that_somebody_is_at_is_passed_over_and_found_the_next_time() {
        db.define("single", "a");
        UUID run = startUntil("single", "1 minute");
        db.clock("2 minutes");
        Session other = session();
        other.begin();
        other.execute("select from pgflow.runs where run_id = '" + run + "' for no key update");

        assertThat(fire().integer("fired")).isZero();
        other.rollback();
        assertThat(fire().integer("fired")).isOne();
    }

    /** Each has deleted what its own runs had left, and then finds among the oldest deadlines what the other one deleted. */
    @Test
    void two_that_fire_deadlines_of_different_runs_do_not_wait_for_each_other() {
        db.defineJson(WorkflowText.with(WorkflowText.definition("chain", "a -> b"), "a", "\"deadline\": \"PT1M\""));
        long worker = db.worker();
        UUID one = startUntil("chain", "1 minute");
        UUID two = startUntil("chain", "1 minute");
        db.settle();
        db.claim(worker, 2).forEach(claim -> db.complete(worker, claim));
        Session other = session();
        other.begin();
        other.execute("select from pgflow.runs where run_id = '" + two + "' for no key update");

        Paused<Row> first = pauseAt("fire_deadlines-fired", session -> {
            session.clock("2 minutes");
            return session.row("select * from pgflow.fire_deadlines()");
        });
        other.rollback();
        db.clock("2 minutes");
        Paused<Row> second =
                Paused.begun(session(), db, session -> session.row("select * from pgflow.fire_deadlines()"));

        assertThat(first.resume().integer("fired")).isOne();
        assertThat(second.finish().integer("fired")).isOne();
        assertThat(db.states(one)).isEqualTo("FAILED: a SUCCEEDED, b CANCELLED");
        assertThat(db.states(two)).isEqualTo("FAILED: a SUCCEEDED, b CANCELLED");
        assertThat(db.count("select count(*) from pgflow.deadlines")).isZero();
    }

    private UUID startUntil(String workflow, String deadline) {
        return db.row("select pgflow.start_run(?, '[]', p_deadline => ?::interval) as id", workflow, deadline)
                .uuid("id");
    }

    private Row fire() {
        return db.row("select * from pgflow.fire_deadlines()");
    }

    private String state(UUID run) {
        return db.texts("select state from pgflow.runs where run_id = ?", run).get(0);
    }

    private String code(String sql) {
        return db.texts(sql).get(0);
    }

    private static String timed(String definition, String deadline) {
        return definition.replaceFirst("\\{", "{\"deadline\": \"" + deadline + "\", ");
    }
}
