package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PauseTest extends Specification {
    private long worker;

    @BeforeEach
    void two_workflows_share_a_queue() {
        db.define("flow", "a -> b");
        db.define("other", "a");
        worker = db.worker();
    }

    @Test
    void nothing_of_a_paused_queue_is_claimed_until_it_is_resumed() {
        UUID first = db.start("flow");
        assertThat(pause("queue", "default")).isEqualTo("paused");
        UUID second = db.start("other");

        assertThat(db.claim(worker, 10)).isEmpty();

        Row resumed = resume("queue", "default");
        assertThat(resumed.list("outcomes", String.class)).containsExactly("resumed");
        assertThat(resumed.list("woken_queues", String.class)).containsExactly("default");
        assertThat(db.claim(worker, 10)).extracting(Claim::runId).containsExactly(first, second);
    }

    @Test
    void a_paused_workflow_lets_others_of_its_queue_pass() {
        pause("workflow", "flow");
        db.start("flow");
        UUID other = db.start("other");

        assertThat(db.claim(worker, 10)).extracting(Claim::runId).containsExactly(other);
    }

    @Test
    void tasks_that_were_set_aside_come_back_in_their_order_before_later_ones() {
        List<UUID> paused = List.of(db.start("flow"), db.start("flow"), db.start("flow"));
        pause("workflow", "flow");
        assertThat(db.claim(worker, 2)).isEmpty();
        UUID later = db.start("other");

        Row resumed = resume("workflow", "flow");

        assertThat(resumed.list("woken_queues", String.class)).containsExactly("default");
        for (UUID next : List.of(paused.get(0), paused.get(1), paused.get(2), later)) {
            assertThat(db.claimOne(worker).runId()).isEqualTo(next);
        }
    }

    @Test
    void a_paused_step_holds_up_its_own_tasks_only() {
        pause("step", "flow.b");
        UUID run = db.start("flow");
        db.complete(worker, db.claimOne(worker));

        assertThat(db.claim(worker, 10)).isEmpty();
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");

        resume("step", "flow.b");
        assertThat(db.claim(worker, 10)).extracting(Claim::name).containsExactly("b");
    }

    @Test
    void a_paused_run_finishes_what_runs_and_begins_nothing_new() {
        UUID run = db.start("flow");
        UUID free = db.start("flow");
        List<Claim> running = db.claim(worker, 10);
        pause("run", run.toString());

        db.complete(worker, running, "1");

        assertThat(db.claim(worker, 10)).extracting(Claim::runId).containsExactly(free);
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
        resume("run", run.toString());
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_retry_of_what_is_paused_becomes_due_and_waits() {
        UUID run = db.start("flow");
        db.fail(worker, db.claimOne(worker));
        pause("run", run.toString());
        db.clock("1 hour");
        db.fire();

        assertThat(db.claim(worker, 10)).isEmpty();
        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b PENDING");
        resume("run", run.toString());
        assertThat(db.claim(worker, 10)).extracting(Claim::attempt).containsExactly(2);
    }

    @Test
    void what_is_paused_twice_waits_for_both() {
        UUID run = db.start("flow");
        pause("workflow", "flow");
        pause("run", run.toString());
        assertThat(db.claim(worker, 10)).isEmpty();

        resume("workflow", "flow");
        assertThat(db.claim(worker, 10)).isEmpty();
        resume("run", run.toString());
        assertThat(db.claim(worker, 10)).hasSize(1);
    }

    @Test
    void more_paused_tasks_than_a_claim_asks_for_do_not_hide_others() {
        for (int i = 0; i < 15; i++) {
            db.start("flow");
        }
        UUID other = db.start("other");
        pause("workflow", "flow");

        assertThat(db.claim(worker, 1)).extracting(Claim::runId).containsExactly(other);
    }

    @Test
    void to_pause_and_to_resume_twice_changes_nothing_more() {
        assertThat(pause("queue", "default")).isEqualTo("paused");
        assertThat(pause("queue", "default")).isEqualTo("already paused");
        assertThat(resume("queue", "default").list("outcomes", String.class)).containsExactly("resumed");
        assertThat(resume("queue", "default").list("outcomes", String.class)).containsExactly("not paused");
        assertThat(db.texts("select change from pgflow.rule_history('queue', 'default')"))
                .containsExactly("lifted", "set");
    }

    @Test
    void who_paused_and_resumed_what_and_why_is_kept() {
        pause("workflow", "flow");
        assertThat(db.texts("select concat_ws(' ', scope, name, actor, reason) from pgflow.paused()"))
                .containsExactly("workflow flow ada bank closed");
        resume("workflow", "flow");

        assertThat(db.rows("select * from pgflow.paused()")).isEmpty();
        assertThat(
                        db.texts(
                                "select concat_ws(' ', rule, change, actor, reason) from pgflow.rule_history('workflow', 'flow')"))
                .containsExactly("pause lifted grace open again", "pause set ada bank closed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"queue nothing", "workflow nothing", "step flow.nothing", "step flow", "run nothing"})
    void what_does_not_exist_cannot_be_paused(String target) {
        String[] words = target.split(" ");
        assertThat(pause(words[0], words[1])).isEqualTo("unknown");
        assertThat(db.rows("select * from pgflow.paused()")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"planet", ""})
    void another_kind_of_thing_is_refused(@Nullable String scope) {
        assertThatThrownBy(() -> pause(String.valueOf(scope), "x"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, refused -> assertThat(refused.state()).isEqualTo("PF004"));
    }

    @Test
    void the_pause_of_a_run_ends_with_the_run() {
        UUID run = db.start("flow");
        pause("run", run.toString());
        db.claim(worker, 10);
        db.cancel(run);

        assertThat(db.count("select count(*) from pgflow.claim_rules")).isZero();
        assertThat(db.count("select count(*) from pgflow.parked_tasks")).isZero();
        assertThat(pause("run", run.toString())).isEqualTo("ended");
        assertThat(db.texts("select reason from pgflow.rule_history('run', ?) limit 1", run.toString()))
                .containsExactly("the run has ended");
    }

    @Test
    void paused_tasks_are_skipped_and_cancelled_like_others() {
        UUID skipped = db.start("flow");
        UUID cancelled = db.start("flow");
        pause("workflow", "flow");
        db.claim(worker, 10);

        db.skip(skipped, "a");
        db.cancel(cancelled);
        resume("workflow", "flow");

        assertThat(db.claim(worker, 10)).extracting(Claim::name).containsExactly("b");
    }

    @Test
    void an_idle_process_does_not_take_paused_messages_for_work() {
        db.start("flow");
        assertThat(workWaits()).isTrue();
        pause("queue", "default");
        assertThat(workWaits()).isFalse();

        resume("queue", "default");
        pause("workflow", "flow");
        db.claim(worker, 10);
        assertThat(workWaits()).isFalse();
        resume("workflow", "flow");
        assertThat(workWaits()).isTrue();
    }

    @Test
    void a_task_that_is_set_aside_is_not_called_unserved() {
        UUID run = db.start("flow");
        pause("workflow", "flow");
        db.claim(worker, 10);
        db.row("select * from pgflow.retire_worker(?)", worker);

        assertThat(db.rows("select * from pgflow.unserved_tasks")).isEmpty();
        assertThat(db.texts("select unserved from pgflow.run_tasks(?, 0, 0, 10) where step = 'a'", run))
                .containsExactly("false");
    }

    @Test
    void the_pause_of_a_run_that_has_ended_is_lifted_by_the_next_claim() {
        UUID run = db.start("other");
        Claim running = db.claimOne(worker);
        pause("run", run.toString());
        db.complete(worker, running);
        assertThat(db.rows("select * from pgflow.paused()")).isEmpty();

        db.claim(worker, 10);

        assertThat(db.count("select count(*) from pgflow.claim_rules")).isZero();
        assertThat(db.texts("select change from pgflow.rule_history('run', ?)", run.toString()))
                .containsExactly("lifted", "set");
    }

    @Test
    void nothing_is_left_of_the_pause_of_a_run_that_was_removed() {
        UUID run = db.start("other");
        Claim running = db.claimOne(worker);
        pause("run", run.toString());
        db.complete(worker, running);
        db.row("select * from pgflow.prune_runs('{SUCCEEDED}', '0 seconds')");
        assertThat(db.rows("select * from pgflow.paused()")).isEmpty();

        db.claim(worker, 10);

        assertThat(db.count("select count(*) from pgflow.claim_rules")).isZero();
        assertThat(db.count("select count(*) from pgflow.rule_changes")).isZero();
    }

    @Test
    void who_resumes_waits_for_a_claim_that_is_setting_aside_and_brings_all_of_it_back() {
        db.start("flow");
        pause("workflow", "flow");
        Paused<List<Claim>> claim = pauseAt("claim_by_rules-set-aside", session -> session.claim(worker, 10));
        Paused<Row> resume = Paused.blocked(session(), session(), session -> resume(session, "workflow", "flow"));

        assertThat(claim.resume()).isEmpty();
        resume.finish();

        assertThat(db.claim(worker, 10)).hasSize(1);
    }

    @Test
    void a_claim_does_not_wait_for_who_resumes() {
        db.start("flow");
        pause("workflow", "flow");
        db.claim(worker, 10);
        UUID second = db.start("flow");
        Paused<Row> resume = pauseAt("resume-lifted", session -> resume(session, "workflow", "flow"));

        assertThat(db.claim(worker, 10)).extracting(Claim::runId).containsExactly(second);
        resume.resume();
        assertThat(db.claim(worker, 10)).hasSize(1);
    }

    @Test
    void a_database_without_rules_claims_by_the_statements_it_always_did() {
        db.start("flow");
        Session hot = session();
        Plan.tell(hot);
        hot.claim(worker, 10);

        assertThat(Plan.take(hot)).extracting(Plan::place).noneMatch(place -> place.contains("rules"));
    }

    private boolean workWaits() {
        return db.row("select work_waits from pgflow.upkeep_due(?)", worker).truth("work_waits");
    }

    private String pause(String scope, String name) {
        return String.valueOf(
                db.row("select outcome from pgflow.pause(?, ?, 'ada', 'bank closed')", scope, new String[] {name})
                        .text("outcome"));
    }

    private Row resume(String scope, String name) {
        return resume(db, scope, name);
    }

    private static Row resume(Session session, String scope, String name) {
        return session.row("select * from pgflow.resume(?, ?, 'grace', 'open again')", scope, new String[] {name});
    }
}
