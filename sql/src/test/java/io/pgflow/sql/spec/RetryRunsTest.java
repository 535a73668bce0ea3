package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Retrying the failed tasks of runs: what begins anew, what stays, what is counted. */
class RetryRunsTest extends Specification {

    @Test
    void what_failed_and_what_was_cancelled_begins_anew_and_what_succeeded_stays() {
        db.define("diamond", "root -> left, right; left, right -> join");
        long worker = db.worker();
        UUID run = failedAt("diamond", "null", "right", worker);
        assertThat(db.states(run)).isEqualTo("FAILED: root SUCCEEDED, left SUCCEEDED, right FAILED, join CANCELLED");

        assertThat(db.retry(run)).isEqualTo("retried");

        assertThat(db.states(run)).isEqualTo("RUNNING: root SUCCEEDED, left SUCCEEDED, right SCHEDULED, join PENDING");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED: ").doesNotContain("FAILED");
        assertThat(db.count("select generation from pgflow.runs")).isEqualTo(2);
        assertThat(db.texts("select generation::text from pgflow.tasks order by step"))
                .containsExactly("1", "1", "2", "2");
    }

    @Test
    void the_history_tells_of_both_generations_with_who_asked_and_why() {
        db.define("single", "work");
        long worker = db.worker();
        UUID run = failedAt("single", "null", "work", worker);

        db.retry(run);
        db.drain(worker);

        assertThat(db.history(run))
                .containsExactly(
                        "start",
                        "work enqueue",
                        "work claim",
                        "work fail",
                        "fail_run",
                        "restart_run",
                        "work restart",
                        "work schedule",
                        "work claim",
                        "work complete",
                        "succeed");
        assertThat(db.texts(
                        "select event || ' ' || generation || ' ' || actor || ': ' || (detail ->> 'reason') from pgflow.run_events(?) where actor is not null order by event_id",
                        run))
                .containsExactly("workflow_started 2 ada: mended", "task_pending 2 ada: mended");
        assertThat(db.texts(
                        "select state || ' ' || generation || ' ' || (error ->> 'message') from pgflow.past_generations where run_id = ?",
                        run))
                .containsExactly("FAILED 1 no luck");
    }

    @Test
    void a_retried_task_has_all_its_attempts_again() {
        db.define("single", "work(maxAttempts 2, retryDelay PT0S)");
        long worker = db.worker();
        UUID run = db.start("single");
        failTwice(worker, "1 second");
        assertThat(db.states(run)).isEqualTo("FAILED: work FAILED");

        db.retry(run);
        failTwice(worker, "2 seconds");

        assertThat(db.states(run)).isEqualTo("FAILED: work FAILED");
        assertThat(db.count("select attempts from pgflow.tasks")).isEqualTo(2);
        assertThat(db.count("select fence from pgflow.tasks")).isEqualTo(4);
    }

    @Test
    void a_report_of_an_earlier_generation_is_stale() {
        db.define("pair", "a, b");
        long worker = db.worker();
        UUID run = db.start("pair");
        List<Claim> claims = db.claim(worker, 2);
        db.failForGood(worker, claims.get(0));
        db.retry(run);

        assertThat(db.complete(worker, claims.get(1)).positions()).containsExactly(1);
        List<Claim> again = db.claim(worker, 2);
        assertThat(db.complete(worker, claims.get(1)).positions()).containsExactly(1);

        assertThat(db.complete(worker, again, "1").positions()).isEmpty();
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED, b SUCCEEDED");
    }

    @Test
    void a_cancelled_run_goes_on_too_even_one_that_had_not_begun() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID begun = db.start("chain");
        db.complete(worker, db.claimOne(worker));
        UUID delayed = db.startDelayed("chain", "1 hour");
        db.cancel(begun);
        db.cancel(delayed);

        assertThat(db.retry(begun)).isEqualTo("retried");
        assertThat(db.retry(delayed)).isEqualTo("retried");

        assertThat(db.states(begun)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
        assertThat(db.states(delayed)).isEqualTo("RUNNING: a SCHEDULED, b PENDING");
        db.drain(worker);
        assertThat(db.states(delayed)).startsWith("SUCCEEDED");
    }

    @Test
    void a_run_that_did_not_fail_and_was_not_cancelled_stays_as_it_is() {
        db.define("single", "work");
        long worker = db.worker();
        UUID done = db.start("single");
        db.drain(worker);
        UUID running = db.start("single");
        UUID delayed = db.startDelayed("single", "1 hour");

        assertThat(db.retry(done)).isEqualTo("succeeded");
        assertThat(db.retry(running)).isEqualTo("running");
        assertThat(db.retry(delayed)).isEqualTo("pending");
        assertThat(db.retry(UUID.randomUUID())).isEqualTo("unknown");
    }

    @Test
    void of_a_map_only_the_items_that_had_not_ended_well_run_again() {
        db.define("map", "each*(atOnce 2) -> sum");
        long worker = db.worker();
        UUID run = db.start("map", "[10, 20, 30]");
        List<Claim> items = db.claim(worker, 2).stream()
                .sorted(Comparator.comparing(Claim::item))
                .toList();
        db.complete(worker, items.get(0));
        db.failForGood(worker, items.get(1));
        assertThat(db.states(run))
                .isEqualTo(
                        "FAILED: each CANCELLED, each[1] SUCCEEDED, each[2] FAILED, each[3] CANCELLED, sum CANCELLED");

        db.retry(run);

        assertThat(db.states(run))
                .isEqualTo(
                        "RUNNING: each RUNNING, each[1] SUCCEEDED, each[2] SCHEDULED, each[3] SCHEDULED, sum PENDING");
        db.complete(worker, db.claim(worker, 5), "7");
        db.settle();
        assertThat(db.output(run, "each")).isEqualTo("[\"each\", 7, 7]");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_map_whose_items_may_fail_runs_the_failed_ones_again_within_its_limit() {
        db.define("map", "each*(atOnce 2), other", "each", "\"collect\": true");
        long worker = db.worker();
        UUID run = db.start("map", "[1, 2, 3, 4, 5, 6]");
        failNamed(worker, "each", 2);
        completeNamed(worker, "each", 2);
        failNamed(worker, "other", 1);
        assertThat(db.states(run)).contains("each[2] FAILED, each[3] SUCCEEDED, each[4] SUCCEEDED, each[5] CANCELLED");

        db.retry(run);

        assertThat(db.states(run))
                .contains(
                        "each[1] SCHEDULED, each[2] SCHEDULED, each[3] SUCCEEDED, each[4] SUCCEEDED, each[5] PENDING");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED").doesNotContain("FAILED");
    }

    @Test
    void a_map_that_could_not_open_tries_again() {
        db.define("map", "first -> each*");
        long worker = db.worker();
        UUID run = db.start("map");
        db.complete(worker, db.claimOne(worker), "5");
        db.settle();
        assertThat(db.states(run)).isEqualTo("FAILED: first SUCCEEDED, each FAILED");

        db.retry(run);
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: first SUCCEEDED, each FAILED");
        db.rerun(run, "first");
        db.complete(worker, db.claimOne(worker), "[5]");
        db.drain(worker);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: first SUCCEEDED, each SUCCEEDED, each[1] SUCCEEDED");
    }

    @Test
    void steps_skipped_while_they_waited_stay_skipped_and_what_they_wait_for_counts_again() {
        db.define("long", "a -> b -> c -> d; x");
        long worker = db.worker();
        UUID run = db.start("long");
        db.skip(run, "b", "c");
        failNamed(worker, "a", 1);

        db.retry(run);

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b SKIPPED, c SKIPPED, d PENDING, x SCHEDULED");
        assertThat(db.rows("select * from pgflow.verify()")).isEmpty();
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_run_cancelled_before_its_last_end_was_counted_ends_when_it_is_retried() {
        db.define("diamond", "root -> left, right; left, right -> join");
        long worker = db.worker();
        UUID run = db.start("diamond");
        db.skip(run, "left", "join");
        db.complete(worker, db.claimOne(worker));
        db.complete(worker, db.claimOne(worker));
        db.cancel(run);

        assertThat(db.retry(run)).isEqualTo("retried");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: root SUCCEEDED, left SKIPPED, right SUCCEEDED, join SKIPPED");
    }

    @Test
    void two_that_retry_a_run_at_once_begin_one_generation() {
        db.define("single", "work");
        UUID run = failedAt("single", "null", "work", db.worker());
        Paused<String> first = pauseAt("retry_runs-locked", session -> session.retry(run));
        Paused<String> second = Paused.blocked(session(), session(), session -> session.retry(run));

        assertThat(first.resume()).isEqualTo("retried");
        assertThat(second.finish()).isEqualTo("running");

        assertThat(db.count("select generation from pgflow.runs")).isEqualTo(2);
    }

    private UUID failedAt(String workflow, String input, String step, long worker) {
        UUID run = db.start(workflow, input);
        for (List<Claim> claims = db.claim(worker, 10); !claims.isEmpty(); claims = db.claim(worker, 10)) {
            claims.stream().filter(claim -> !claim.name().equals(step)).forEach(claim -> db.complete(worker, claim));
            claims.stream().filter(claim -> claim.name().equals(step)).forEach(claim -> db.failForGood(worker, claim));
        }
        return run;
    }

    private void failTwice(long worker, String clock) {
        db.fail(worker, db.claimOne(worker));
        db.clock(clock);
        db.fire();
        db.fail(worker, db.claimOne(worker));
    }

    private void failNamed(long worker, String step, int times) {
        claimed(worker, step, times).forEach(claim -> db.failForGood(worker, claim));
        db.settle();
    }

    private void completeNamed(long worker, String step, int times) {
        db.complete(worker, claimed(worker, step, times), "1");
        db.settle();
    }

    /** Claims what there is and hands back what is not of that step. */
    private List<Claim> claimed(long worker, String step, int times) {
        List<Claim> all = db.claim(worker, 10);
        List<Claim> wanted = all.stream()
                .filter(claim -> claim.name().equals(step))
                .limit(times)
                .toList();
        List<Claim> others =
                all.stream().filter(claim -> !wanted.contains(claim)).toList();
        db.row(
                "select * from pgflow.release_tasks(?, ?, ?, ?, ?)",
                worker,
                Session.ids(others),
                Session.steps(others),
                Session.items(others),
                Session.fences(others));
        assertThat(wanted).hasSize(times);
        return wanted;
    }
}
