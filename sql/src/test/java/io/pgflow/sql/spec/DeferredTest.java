package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeferredTest extends Specification {
    private static final String STATE =
            "select state || coalesce(' for a ' || deferred, '') from pgflow.tasks where run_id = ? and step = 1";

    private Deferring outside;

    @BeforeEach
    void somebody_outside() {
        outside = new Deferring(db);
    }

    @Test
    void a_deferred_task_runs_without_a_worker_until_the_outside_gives_its_output() {
        db.define("flow", "a -> b");
        long worker = db.worker();
        UUID run = db.start("flow");

        String token = outside.next(worker);
        assertThat(db.texts(STATE, run)).containsExactly("RUNNING for a token");
        assertThat(db.count("select count(*) from pgflow.tasks where worker_id is not null"))
                .isZero();

        assertThat(outside.complete("{\"x\": 1}", token)).containsExactly("applied");
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"a\": {\"x\": 1}}");
        assertThat(db.history(run)).containsSubsequence("a claim", "a defer", "a complete", "b schedule");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
    }

    @Test
    void an_answer_to_the_last_step_ends_the_run() {
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker);

        assertThat(db.texts("select unnest(ended_run_ids) from pgflow.complete_deferred(array[?], '{1}')", token))
                .containsExactly(run.toString());

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED");
    }

    @Test
    void the_answer_may_come_before_the_handler_has_returned() {
        db.define("flow", "a -> b");
        long worker = db.worker();
        UUID run = db.start("flow");
        Claim claim = db.claimOne(worker);
        String token = outside.token(claim);

        assertThat(outside.complete("1", token)).containsExactly("applied");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
        assertThat(outside.handOver(worker, claim)).isFalse();
        assertThat(db.complete(worker, claim, "2").positions()).isEmpty();
        assertThat(db.output(run, "a")).isEqualTo("1");
    }

    @Test
    void an_answer_that_is_sent_again_changes_nothing_and_is_not_stale() {
        db.define("flow", "a -> b");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker);

        assertThat(outside.complete("1", token, token)).containsExactly("applied", "repeated");
        assertThat(outside.complete("2", token)).containsExactly("repeated");
        assertThat(outside.fail(true, token)).containsExactly("stale");

        assertThat(db.output(run, "a")).isEqualTo("1");
        assertThat(db.texts(
                        "select report || ' by ' || coalesce(worker_id::text, 'a token') from pgflow.stale_reports"))
                .containsExactly("fail_deferred by a token");
    }

    @Test
    void handing_over_again_because_the_answer_was_lost_is_not_stale() {
        db.define("flow", "a");
        long worker = db.worker();
        db.start("flow");
        Claim claim = db.claimOne(worker);
        outside.token(claim);

        assertThat(outside.handOver(worker, claim)).isTrue();
        assertThat(outside.handOver(worker, claim)).isTrue();

        assertThat(db.count("select count(*) from pgflow.stale_reports")).isZero();
    }

    @Test
    void a_token_of_an_attempt_that_is_over_is_stale() {
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = db.start("flow");
        String first = outside.next(worker);
        assertThat(outside.fail(true, first)).containsExactly("applied");
        assertThat(db.states(run)).isEqualTo("RUNNING: a RETRYING");
        db.clock("1 minute");
        db.fire();
        String second = outside.next(worker);

        assertThat(outside.complete("1", first)).containsExactly("stale");
        assertThat(outside.beat(null, first)).containsExactly("stale");
        assertThat(outside.complete("2", second)).containsExactly("applied");
        assertThat(outside.fail(true, first)).containsExactly("repeated");

        assertThat(db.output(run, "a")).isEqualTo("2");
    }

    @Test
    void a_token_that_was_made_up_is_unknown() {
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker);
        String guessed = token.substring(0, token.length() - 32) + "0".repeat(32);

        assertThat(outside.complete("1", "nonsense", guessed, "", token.toUpperCase(Locale.ROOT)))
                .containsOnly("unknown");
        assertThat(outside.fail(true, guessed)).containsExactly("unknown");
        assertThat(outside.beat("1", guessed)).containsExactly("unknown");

        assertThat(db.states(run)).isEqualTo("RUNNING: a RUNNING");
        assertThat(db.count("select count(*) from pgflow.stale_reports")).isZero();
    }

    @Test
    void only_the_hash_of_a_token_is_kept() {
        db.define("flow", "a");
        long worker = db.worker();
        db.start("flow");
        String token = outside.next(worker);

        assertThat(db.texts("select row_to_json(d)::text from pgflow.deferrals d"))
                .allSatisfy(row -> assertThat(row).doesNotContain(token.substring(token.lastIndexOf('_') + 1)));
    }

    @Test
    void a_token_that_is_asked_for_again_makes_the_first_one_void() {
        db.define("flow", "a");
        long worker = db.worker();
        db.start("flow");
        Claim claim = db.claimOne(worker);
        String lost = outside.token(claim);
        String token = outside.token(claim);

        assertThat(outside.complete("1", lost, token)).containsExactly("unknown", "applied");
    }

    @Test
    void an_attempt_that_lost_its_task_gets_no_token() {
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = db.start("flow");
        Claim claim = db.claimOne(worker);
        db.cancel(run);

        assertThat(outside.token(claim)).isEqualTo("null");
    }

    @Test
    void a_failure_from_outside_is_an_attempt_and_the_last_one_fails_the_run() {
        db.define("flow", "a(maxAttempts 2, retryDelay PT1S)");
        long worker = db.worker();
        UUID run = db.start("flow");

        outside.fail(true, outside.next(worker));
        db.clock("1 minute");
        assertThat(db.fire()).isEqualTo(1);
        assertThat(outside.fail(true, outside.next(worker))).containsExactly("applied");

        assertThat(db.states(run)).isEqualTo("FAILED: a FAILED");
        assertThat(db.texts("select error ->> 'message' from pgflow.tasks")).containsExactly("no luck");
    }

    @Test
    void a_failure_that_is_not_retryable_is_for_good_and_the_step_says_what_follows() {
        db.define("flow", "a(onFailure fallback, fallback 7) -> b");
        long worker = db.worker();
        UUID run = db.start("flow");

        outside.fail(false, outside.next(worker));

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
        assertThat(db.output(run, "a")).isEqualTo("7");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
    }

    @Test
    void when_nobody_answers_in_time_the_attempt_has_failed() {
        db.define("flow", "a(maxAttempts 2, retryDelay PT1S)");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker);
        assertThat(db.fire()).isZero();

        db.clock("61 minutes");
        assertThat(db.fire()).isEqualTo(1);
        assertThat(db.states(run)).isEqualTo("RUNNING: a RETRYING");
        assertThat(outside.complete("1", token)).containsExactly("stale");

        db.clock("70 minutes");
        db.fire();
        outside.next(worker);
        db.clock("140 minutes");
        assertThat(db.texts("select unnest(ended_run_ids) from pgflow.fire_timers()"))
                .containsExactly(run.toString());
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-RUN-021");
    }

    @Test
    void a_heartbeat_begins_the_silence_anew_and_keeps_the_progress() {
        db.define("flow", "a(maxAttempts 1)");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker, "5 minutes");

        db.clock("4 minutes");
        assertThat(outside.beat("{\"percent\": 40}", token)).containsExactly("applied");
        db.clock("8 minutes");
        assertThat(db.fire()).isZero();
        assertThat(outside.beat(null, token)).containsExactly("applied");
        assertThat(db.texts("select progress from pgflow.run_tasks(?, 0, 0, 10)", run))
                .containsExactly("{\"percent\": 40}");

        db.clock("14 minutes");
        assertThat(db.fire()).isEqualTo(1);
        assertThat(db.states(run)).isEqualTo("FAILED: a FAILED");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-RUN-022");
    }

    @Test
    void heartbeats_do_not_put_off_the_end_of_the_time() {
        db.define("flow", "a(maxAttempts 1)");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker, "20 minutes");

        for (int minutes = 10; minutes < 60; minutes += 10) {
            db.clock(minutes + " minutes");
            db.fire();
            assertThat(outside.beat(null, token)).containsExactly("applied");
        }
        db.clock("61 minutes");
        db.fire();

        assertThat(db.states(run)).isEqualTo("FAILED: a FAILED");
    }

    @Test
    void the_worker_that_left_a_task_to_the_outside_has_no_say_in_it_any_more() {
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = db.start("flow");
        Claim claim = db.claimOne(worker);
        outside.token(claim);
        outside.handOver(worker, claim);

        assertThat(db.fail(worker, claim).positions()).containsExactly(1);
        assertThat(db.complete(worker, claim).positions()).containsExactly(1);

        assertThat(db.texts(STATE, run)).containsExactly("RUNNING for a token");
    }

    @Test
    void items_of_a_map_may_be_deferred_and_are_counted_like_others() {
        db.define("flow", "each* -> sum");
        long worker = db.worker();
        UUID run = db.start("flow", "[1, 2, 3]");
        List<Claim> claims = db.claim(worker, 3);
        String one = outside.token(claims.get(0));
        String two = outside.token(claims.get(1));
        outside.handOver(worker, claims.get(0));
        outside.handOver(worker, claims.get(1));
        db.complete(worker, claims.get(2), "3");

        assertThat(outside.complete("0", one, two)).containsOnly("applied");
        db.settle();

        assertThat(db.output(run, "each"))
                .isIn("[0, 0, 3]", "[0, 3, 0]", "[3, 0, 0]"); // by which item was claimed last
        assertThat(db.states(run)).contains("sum SCHEDULED");
    }

    @Test
    void an_item_that_nobody_answers_for_can_be_collected_as_an_error() {
        db.define("flow", "each*(maxAttempts 1)", "each", "\"collect\": true");
        long worker = db.worker();
        UUID run = db.start("flow", "[1]");
        outside.next(worker);

        db.clock("2 hours");
        db.fire();
        db.settle();

        assertThat(db.states(run)).startsWith("SUCCEEDED");
        assertThat(db.output(run, "each")).contains("PGF-RUN-021");
    }

    @Test
    void cancelling_the_run_makes_tokens_stale() {
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker);

        db.cancel(run);

        assertThat(outside.complete("1", token)).containsExactly("stale");
        assertThat(outside.beat(null, token)).containsExactly("stale");
        assertThat(db.states(run)).isEqualTo("CANCELLED: a CANCELLED");
    }

    @Test
    void a_deferred_task_needs_its_worker_no_more() {
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker);

        db.row("select * from pgflow.retire_worker(?)", worker);
        db.clock("30 minutes");
        db.expire();

        assertThat(db.states(run)).isEqualTo("RUNNING: a RUNNING");
        assertThat(outside.complete("1", token)).containsExactly("applied");
    }

    @Test
    void a_worker_that_is_lost_before_it_handed_the_task_over_loses_its_token_too() {
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.token(db.claimOne(worker));

        db.clock("1 minute");
        db.expire();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED");
        assertThat(outside.complete("1", token)).containsExactly("stale");
    }

    @Test
    void answers_and_a_cancellation_at_the_same_time_do_not_deadlock() {
        db.define("flow", "a -> b");
        long worker = db.worker();
        UUID run = db.start("flow");
        String token = outside.next(worker);

        Paused<String> cancelling = pauseAt("cancel_runs-locked", s -> s.cancel(run));
        Paused<List<String>> failing = Paused.blocked(session(), session(), s -> new Deferring(s).fail(false, token));
        cancelling.resume();

        assertThat(failing.finish()).containsExactly("stale");
        assertThat(db.states(run)).isEqualTo("CANCELLED: a CANCELLED, b CANCELLED");
    }

    @Test
    void the_deadline_of_its_step_ends_a_deferred_task_whatever_follows() {
        db.defineJson(
                "{\"name\": \"flow\", \"steps\": [{\"name\": \"a\", \"handler\": \"flow.a\", \"deadline\": \"PT1M\","
                        + " \"onFailure\": \"fallback\", \"fallback\": 1}, {\"name\": \"b\", \"handler\": \"flow.b\", \"after\": [\"a\"]}]}");
        long worker = db.worker();
        UUID run = db.start("flow");
        db.settle();
        String token = outside.next(worker);

        db.clock("2 minutes");
        db.row("select fired from pgflow.fire_deadlines(100)");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
        assertThat(db.count("select remaining from pgflow.tasks where run_id = ? and step = 1", run))
                .isZero();
        assertThat(outside.complete("2", token)).containsExactly("stale");
    }

    @Test
    void the_outside_may_say_that_it_is_at_it_while_the_handler_returns() {
        db.define("flow", "a");
        long worker = db.worker();
        db.start("flow");
        db.start("flow");
        List<Claim> claims = new ArrayList<>(db.claim(worker, 2));
        claims.sort(Comparator.comparing(claim -> claim.runId().toString()));
        String first = outside.token(claims.get(0));
        String second = outside.token(claims.get(1));
        Session reporter = session();

        db.begin();
        outside.beat(null, first);
        var returning = Paused.blocked(
                session(), reporter, s -> new Deferring(s).handOver(worker, claims.get(1), claims.get(0)));
        assertThat(outside.beat(null, second)).containsExactly("applied");
        db.commit();

        assertThat(returning.finish()).isTrue();
    }

    @Test
    void a_token_that_is_out_is_not_made_void_by_asking_for_another() {
        db.define("flow", "a");
        long worker = db.worker();
        db.start("flow");
        Claim claim = db.claimOne(worker);
        String token = outside.token(claim);
        outside.handOver(worker, claim);

        assertThat(outside.token(claim)).isEqualTo("null");
        assertThat(outside.complete("1", token)).containsExactly("applied");
    }
}
