package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RetryTest extends Specification {
    private static final String DELAY =
            "select extract(epoch from pgflow._retry_delay(?::interval, ?::interval, ?, ?, ?, 1, 0)) as seconds";

    @Test
    void a_failed_attempt_is_tried_again_when_its_delay_is_over() {
        db.define("flow", "work(retryDelay PT10S, retryJitter 0)");
        long worker = db.worker();
        UUID run = db.start("flow");

        db.fail(worker, db.claimOne(worker));

        assertThat(db.states(run)).isEqualTo("RUNNING: work RETRYING");
        db.clock("9 seconds");
        assertThat(db.fire()).isZero();
        assertThat(db.claim(worker, 1)).isEmpty();
        db.clock("11 seconds");
        assertThat(db.fire()).isEqualTo(1);
        assertThat(db.claimOne(worker).attempt()).isEqualTo(2);
    }

    @Test
    void the_delay_doubles_with_each_failure_up_to_its_cap() {
        List<Double> delays = List.of(1, 2, 3, 4, 5, 6, 7, 100).stream()
                .map(failures -> delay("PT1S", "PT20S", 0, failures, new UUID(0, 7)))
                .toList();

        assertThat(delays).containsExactly(1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0);
    }

    @Test
    void jitter_takes_at_most_its_share_off_and_is_the_same_for_the_same_attempt() {
        List<UUID> runs = java.util.stream.LongStream.range(0, 50)
                .mapToObj(i -> new UUID(0, i))
                .toList();
        List<Double> delays =
                runs.stream().map(run -> delay("PT10S", "PT1M", 0.5, 1, run)).toList();

        assertThat(delays).allSatisfy(delay -> assertThat(delay).isBetween(5.0, 10.0));
        assertThat(delays.stream().distinct().count()).isGreaterThan(20);
        assertThat(runs.stream().map(run -> delay("PT10S", "PT1M", 0.5, 1, run)).toList())
                .isEqualTo(delays);
    }

    @Test
    void a_handler_may_ask_for_more_time_but_not_for_less() {
        db.define("flow", "more(retryDelay PT10S, retryJitter 0), less(retryDelay PT10S, retryJitter 0)");
        long worker = db.worker();
        db.start("flow");
        List<Claim> claims = db.claim(worker, 2);

        db.fail(worker, claims.get(0), true, "1 hour");
        db.fail(worker, claims.get(1), true, "1 second");

        assertThat(
                        db.texts(
                                "select round(extract(epoch from due_at - clock_timestamp()) / 10) from pgflow.timers order by step"))
                .containsExactly("360", "1");
    }

    @Test
    void an_error_that_is_final_fails_the_run_at_once_and_cancels_what_it_has_left() {
        db.define("flow", "bad, waiting, trying, running; bad -> after");
        long worker = db.worker();
        UUID run = db.start("flow");
        List<Claim> claims = db.claim(worker, 4);
        db.fail(worker, claims.get(2));
        db.row(
                "select * from pgflow.release_tasks(?, ?, ?, ?, ?)",
                worker,
                Session.ids(claims.subList(1, 2)),
                Session.steps(claims.subList(1, 2)),
                Session.items(claims.subList(1, 2)),
                Session.fences(claims.subList(1, 2)));

        assertThat(db.failForGood(worker, claims.get(0)).endedRuns()).containsExactly(run);

        assertThat(db.states(run))
                .isEqualTo(
                        "FAILED: bad FAILED, waiting CANCELLED, trying CANCELLED, running CANCELLED, after CANCELLED");
        assertThat(db.count("select count(*) from pgmq.q_pgf2_default")).isZero();
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
        assertThat(db.texts("select error from pgflow.runs"))
                .containsExactly("{\"item\": null, \"step\": \"bad\", \"error\": {\"message\": \"no luck\"}}");
    }

    @Test
    void a_task_whose_attempts_are_used_up_fails_with_its_run() {
        db.define("flow", "work(maxAttempts 3, retryDelay PT1S) -> after");
        long worker = db.worker();
        UUID run = db.start("flow");
        for (int attempt = 1; attempt <= 3; attempt++) {
            Claim claim = db.claimOne(worker);
            assertThat(claim.attempt()).isEqualTo(attempt);
            db.fail(worker, claim);
            db.clock(attempt + " minutes");
            db.fire();
        }

        assertThat(db.states(run)).isEqualTo("FAILED: work FAILED, after CANCELLED");
        assertThat(db.history(run))
                .containsSubsequence(
                        "work retry", "work reschedule", "work claim", "work fail", "fail_run", "after cancel_pending");
    }

    @Test
    void tasks_of_one_run_that_fail_in_one_report_fail_it_once() {
        db.define("flow", "a, b");
        long worker = db.worker();
        UUID run = db.start("flow");
        List<Claim> claims = db.claim(worker, 2);

        Report report = db.fail(worker, claims, List.of(false, false), null);

        assertThat(report.endedRuns()).containsExactly(run);
        assertThat(db.states(run)).isEqualTo("FAILED: a FAILED, b FAILED");
        assertThat(db.history(run)).containsOnlyOnce("fail_run");
    }

    @Test
    void two_tasks_that_fail_the_run_at_the_same_time_fail_it_once() {
        db.define("flow", "a, b");
        long worker = db.worker();
        UUID run = db.start("flow");
        List<Claim> claims = db.claim(worker, 2);

        Paused<Report> first = pauseAt("end_attempts-locked", s -> s.failForGood(worker, claims.get(0)));
        Paused<Report> second = Paused.blocked(session(), session(), s -> s.failForGood(worker, claims.get(1)));
        first.resume();

        assertThat(second.finish().positions()).containsExactly(1);
        assertThat(db.states(run)).isEqualTo("FAILED: a FAILED, b CANCELLED");
    }

    private double delay(String base, String max, double jitter, int failures, UUID run) {
        return Double.parseDouble(
                String.valueOf(db.row(DELAY, base, max, jitter, failures, run).value("seconds")));
    }
}
