package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WaitTest extends Specification {
    @Test
    void a_sleep_needs_no_worker_and_ends_when_its_time_has_come() {
        define("a", "{\"name\": \"nap\", \"after\": [\"a\"], \"sleep\": \"PT1H\"}", "b", "nap");
        long worker = db.worker();
        UUID run = db.start("flow");
        db.complete(worker, db.claimOne(worker));
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, nap RUNNING, b PENDING");
        assertThat(db.texts("select deferred from pgflow.tasks where step = 2")).containsExactly("sleep");
        db.clock("59 minutes");
        assertThat(db.fire()).isZero();

        db.clock("61 minutes");
        assertThat(db.fire()).isEqualTo(1);
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, nap SUCCEEDED, b SCHEDULED");
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"nap\": null}");
    }

    @Test
    void settling_says_how_long_it_is_until_the_first_sleep_ends() {
        defineOne("\"sleep\": \"PT1H\"");
        db.start("flow");

        assertThat(db.row(
                                "select next_due_in between interval '59 minutes' and interval '61 minutes' as soon from pgflow.settle_steps(100)")
                        .truth("soon"))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "PT2H"                      | 2 hours
                    "P1DT1M"                    | 1 day 1 minute
                    "2999-01-31T08:00:00Z"      | 2999-01-31 08:00:00+00
                    "2999-01-31T08:00:00.5+02:00" | 2999-01-31 06:00:00.5+00
                    "2000-01-31T08:00Z"         | 2000-01-31 08:00:00+00
                    """)
    void when_a_sleep_ends_can_stand_in_the_input(String until, String due) {
        defineOne("\"sleep\": {\"$from\": \"$input\", \"pointer\": \"/until\"}");
        UUID run = db.start("flow", "{\"until\": " + until + "}");
        db.settle();

        String expected =
                due.contains(":") ? "'" + due + "'::timestamptz" : "(pgflow.clock() + interval '" + due + "')";
        assertThat(db.row(
                                "select abs(extract(epoch from due_at - " + expected
                                        + ")) < 60 as due from pgflow.timers where run_id = ?",
                                run)
                        .truth("due"))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "7",
                "\"tomorrow\"",
                "\"P\"",
                "\"2999-01-31T08:00:00\"",
                "\"2999-13-31T08:00:00Z\"",
                "\"infinity\""
            })
    void a_sleep_that_cannot_tell_its_time_fails_the_run(String until) {
        defineOne("\"sleep\": {\"$from\": \"$input\", \"pointer\": \"/until\"}");
        UUID run = db.start("flow", "{\"until\": " + until + "}");
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: wait FAILED");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-RUN-014");
    }

    @Test
    void a_signal_ends_the_wait_for_it_and_is_its_output() {
        defineOne("\"signal\": \"paid\"");
        UUID run = db.start("flow");
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: wait RUNNING");

        assertThat(db.signal(run, "other", "s1")).isEqualTo("kept");
        assertThat(db.signal(run, "paid", "s1")).isEqualTo("delivered");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: wait SUCCEEDED");
        assertThat(db.output(run, "wait")).isEqualTo("{\"id\": \"s1\"}");
        assertThat(db.history(run)).containsSubsequence("wait schedule", "wait open", "wait complete");
    }

    @Test
    void a_signal_that_comes_early_is_kept_for_the_step_that_will_wait_for_it() {
        define("a", "{\"name\": \"wait\", \"after\": [\"a\"], \"signal\": \"paid\"}", "b", "wait");
        long worker = db.worker();
        UUID run = db.start("flow");

        assertThat(db.signal(run, "paid", "s1")).isEqualTo("kept");
        db.complete(worker, db.claimOne(worker));
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, wait SUCCEEDED, b SCHEDULED");
    }

    @Test
    void a_run_can_be_signalled_before_it_begins_but_not_after_its_end() {
        defineOne("\"signal\": \"paid\"");
        UUID run = db.startDelayed("flow", "1 hour");
        assertThat(db.signal(run, "paid", "s1")).isEqualTo("kept");
        db.clock("2 hours");
        db.fire();
        db.settle();
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: wait SUCCEEDED");

        assertThat(db.signal(run, "paid", "s2")).isEqualTo("ended");
        assertThat(db.signal(UUID.randomUUID(), "paid", "s2")).isEqualTo("unknown");
    }

    @Test
    void a_signal_that_is_sent_again_under_its_id_changes_nothing() {
        db.defineJson(
                "{\"name\": \"flow\", \"steps\": [{\"name\": \"one\", \"signal\": \"go\"}, {\"name\": \"two\", \"signal\": \"go\"}]}");
        UUID run = db.start("flow");
        db.settle();

        assertThat(db.signal(run, "go", "s1")).isEqualTo("delivered");
        assertThat(db.signal(run, "go", "s1")).isEqualTo("repeated");
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: one SUCCEEDED, two RUNNING");

        assertThat(db.signal(run, "go", "s2")).isEqualTo("delivered");
        assertThat(db.signal(run, "go", "s3")).isEqualTo("kept");
        db.settle();
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: one SUCCEEDED, two SUCCEEDED");
        assertThat(db.signal(run, "go", "s1")).isEqualTo("repeated");
    }

    @Test
    void the_oldest_signal_is_taken_first() {
        db.defineJson(
                "{\"name\": \"flow\", \"steps\": [{\"name\": \"one\", \"signal\": \"go\"}, {\"name\": \"two\", \"signal\": \"go\", \"after\": [\"one\"]}]}");
        UUID run = db.start("flow");
        db.signal(run, "go", "z");
        db.signal(run, "go", "a");

        db.settle();

        assertThat(db.output(run, "one")).isEqualTo("{\"id\": \"z\"}");
        assertThat(db.output(run, "two")).isEqualTo("{\"id\": \"a\"}");
    }

    @Test
    void a_signal_that_does_not_come_in_time_fails_the_run() {
        defineOne("\"signal\": \"paid\", \"within\": \"PT1H\"");
        UUID run = db.start("flow");
        db.settle();

        db.clock("2 hours");
        db.fire();
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: wait FAILED");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-RUN-013");
    }

    @Test
    void or_something_else_follows_as_its_step_says() {
        defineOne("\"signal\": \"paid\", \"within\": \"PT1H\", \"onFailure\": \"fallback\", \"fallback\": \"late\"");
        UUID run = db.start("flow");
        db.settle();

        db.clock("2 hours");
        db.fire();
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: wait SUCCEEDED");
        assertThat(db.output(run, "wait")).isEqualTo("\"late\"");
        assertThat(db.count("select count(*) from pgflow.unsettled_steps")).isZero();
    }

    @Test
    void a_signal_in_time_leaves_no_timer_behind() {
        defineOne("\"signal\": \"paid\", \"within\": \"PT1H\"");
        UUID run = db.start("flow");
        db.settle();

        db.signal(run, "paid", "s1");

        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
        db.settle();
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_signal_that_comes_while_the_wait_ends_is_kept() {
        defineOne("\"signal\": \"paid\", \"within\": \"PT1H\"");
        UUID run = db.start("flow");
        db.settle();
        db.clock("2 hours");
        db.fire();

        assertThat(db.signal(run, "paid", "s1")).isEqualTo("kept");
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: wait FAILED");
    }

    @Test
    void a_wait_that_opens_while_its_signal_is_sent_gets_it() {
        defineOne("\"signal\": \"paid\"");
        UUID run = db.start("flow");
        Paused<String> sending = pauseAt("signal_run-kept", s -> s.signal(run, "paid", "s1"));
        Paused<Integer> settling = Paused.blocked(session(), session(), s -> {
            s.settle();
            return 0;
        });

        assertThat(sending.resume()).isEqualTo("kept");
        settling.finish();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: wait SUCCEEDED");
    }

    @Test
    void waits_are_cancelled_with_their_run_and_can_have_conditions() {
        db.defineJson(
                "{\"name\": \"flow\", \"steps\": [{\"name\": \"nap\", \"sleep\": \"PT1H\"}, {\"name\": \"sig\", \"signal\": \"go\", \"within\": \"PT1H\"},"
                        + " {\"name\": \"no\", \"sleep\": \"PT1H\", \"when\": {\"$from\": \"$input\", \"exists\": false}}]}");
        UUID run = db.start("flow");
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: nap RUNNING, sig RUNNING, no SKIPPED");

        db.cancel(run);

        assertThat(db.states(run)).isEqualTo("CANCELLED: nap CANCELLED, sig CANCELLED, no SKIPPED");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
    }

    @Test
    void a_signal_takes_a_step_from_a_timer_that_is_about_to_fire() {
        defineOne("\"signal\": \"paid\", \"within\": \"PT1H\"");
        UUID run = db.start("flow");
        db.settle();
        db.begin();
        db.signal(run, "paid", "s1");

        Session late = session();
        late.clock("2 hours");
        Paused<String> next = Paused.blocked(session(), session(), s -> s.signal(run, "paid", "s2"));
        assertThat(late.fire()).isZero(); // the task is locked: passed over
        db.commit();
        next.finish();
        assertThat(late.fire()).isZero();
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: wait SUCCEEDED");
        assertThat(db.count("select count(*) from pgflow.signals where step is null"))
                .isEqualTo(1);
    }

    @Test
    void a_timer_that_read_what_is_due_before_the_signal_came_ends_nothing() {
        defineOne("\"signal\": \"paid\", \"within\": \"PT1H\"");
        UUID run = db.start("flow");
        db.settle();
        Paused<Integer> firing = pauseAt("take_due_tasks-locked", s -> {
            s.clock("2 hours");
            return s.fire();
        });
        Paused<String> sending = Paused.blocked(session(), session(), s -> s.signal(run, "paid", "s1"));

        assertThat(firing.resume()).isEqualTo(1);
        assertThat(sending.finish()).isEqualTo("kept");
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: wait FAILED");
    }

    @Test
    void a_step_that_waits_can_be_skipped_whatever_it_waits_for() {
        db.defineJson(
                "{\"name\": \"flow\", \"steps\": [{\"name\": \"nap\", \"sleep\": \"PT1H\"},"
                        + " {\"name\": \"sig\", \"signal\": \"go\"}, {\"name\": \"b\", \"handler\": \"flow.b\", \"after\": [\"nap\", \"sig\"]}]}");
        UUID run = db.start("flow");
        db.settle();

        assertThat(db.skip(run, "nap", "sig").positions()).containsExactlyInAnyOrder(1, 2);

        assertThat(db.states(run)).isEqualTo("RUNNING: nap SKIPPED, sig SKIPPED, b SCHEDULED");
        assertThat(db.history(run)).contains("nap skip_deferred", "sig skip_deferred");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
        assertThat(db.signal(run, "go", "s1")).isEqualTo("kept");
    }

    @Test
    void a_step_that_is_skipped_leaves_no_timer_when_the_next_one_waits_too() {
        db.defineJson(
                "{\"name\": \"flow\", \"steps\": [{\"name\": \"wait\", \"signal\": \"paid\", \"within\": \"PT1H\"},"
                        + " {\"name\": \"nap\", \"sleep\": \"PT1H\", \"after\": [\"wait\"]}]}");
        UUID run = db.start("flow");
        db.settle();

        assertThat(db.skip(run, "wait").toSettle()).isTrue();

        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
    }

    @Test
    void a_step_can_be_skipped_after_its_signal_came_and_before_that_is_settled() {
        defineOne("\"signal\": \"paid\"");
        UUID run = db.start("flow");
        db.settle();
        db.signal(run, "paid", "s1");

        db.skip(run, "wait");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: wait SKIPPED");
        assertThat(db.count("select count(*) from pgflow.unsettled_steps")).isZero();
    }

    @Test
    void a_wait_that_took_too_long_waits_anew_when_its_run_is_retried() {
        defineOne("\"signal\": \"paid\", \"within\": \"PT1H\"");
        UUID run = db.start("flow");
        db.settle();
        db.clock("2 hours");
        db.fire();
        db.settle();
        db.retry(run);
        db.settle();
        assertThat(db.states(run)).isEqualTo("RUNNING: wait RUNNING");

        db.signal(run, "paid", "s1");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: wait SUCCEEDED");
        db.rerun(run, "wait");
        db.settle();
        assertThat(db.signal(run, "paid", "s2")).isEqualTo("delivered");
        db.settle();
        assertThat(db.output(run, "wait")).isEqualTo("{\"id\": \"s2\"}");
    }

    @Test
    void the_audit_says_who_sent_the_signal() {
        defineOne("\"signal\": \"paid\"");
        UUID run = db.start("flow");
        db.signal(run, "paid", "s1");
        db.settle();

        assertThat(db.texts("select actor from pgflow.run_events(?) where event = 'task_completed'", run))
                .containsExactly("ada");
    }

    @Test
    void a_signal_of_a_transaction_that_is_rolled_back_was_never_sent() {
        defineOne("\"signal\": \"paid\"");
        UUID run = db.start("flow");
        db.settle();
        db.begin();
        assertThat(db.signal(run, "paid", "s1")).isEqualTo("delivered");
        db.rollback();
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: wait RUNNING");
        assertThat(db.signal(run, "paid", "s1")).isEqualTo("delivered");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    skip       | SUCCEEDED: wait SKIPPED, b SUCCEEDED
                    skipBranch | SUCCEEDED: wait SKIPPED, b SKIPPED
                    """)
    void a_wait_that_was_too_long_can_be_passed_over(String onFailure, String end) {
        define(
                "a",
                "{\"name\": \"wait\", \"signal\": \"go\", \"within\": \"PT1H\", \"onFailure\": \"" + onFailure + "\"}",
                "b",
                "wait");
        long worker = db.worker();
        UUID run = db.start("flow");
        db.drain(worker);
        db.clock("2 hours");
        db.fire();
        db.settle();
        db.drain(worker);

        assertThat(db.states(run)).isEqualTo(end.replace(": ", ": a SUCCEEDED, "));
    }

    @Test
    void maps_that_cannot_open_and_waits_that_took_too_long_fail_side_by_side() {
        db.define("map", "each*");
        defineOne("\"signal\": \"paid\", \"within\": \"PT1H\"");
        UUID waiting = db.start("flow");
        db.settle();
        db.define("over", "a -> each*");
        long worker = db.worker();
        UUID map = db.start("over");
        db.complete(worker, db.claimOne(worker), "7");
        db.clock("2 hours");
        db.fire();
        db.settle();

        assertThat(db.states(waiting)).isEqualTo("FAILED: wait FAILED");
        assertThat(db.states(map)).isEqualTo("FAILED: a SUCCEEDED, each FAILED");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"sleep\": \"PT1H\", \"signal\": \"go\"",
                "\"handler\": \"h\", \"sleep\": \"PT1H\"",
                "\"after\": []",
                "\"sleep\": 7",
                "\"sleep\": \"tomorrow\"",
                "\"sleep\": {\"$from\": \"other\"}",
                "\"sleep\": {\"pointer\": \"/a\"}",
                "\"signal\": \"go\", \"within\": \"soon\"",
                "\"signal\": \"Go\"",
                "\"signal\": \"go\", \"within\": \"PT0S\"",
                "\"sleep\": \"PT1H\", \"within\": \"PT1S\"",
                "\"sleep\": \"PT1H\", \"over\": \"$input\""
            })
    void a_wait_that_cannot_be_is_refused(String fields) {
        assertThatThrownBy(() -> defineOne(fields)).hasMessageContaining("not valid");
    }

    private void defineOne(String fields) {
        db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"wait\", " + fields + "}]}");
    }

    /** One step with a handler, a wait, and one step with a handler after it. */
    private void define(String first, String wait, String last, String after) {
        db.defineJson("{\"name\": \"flow\", \"steps\": ["
                + String.join(
                        ", ",
                        List.of(
                                "{\"name\": \"" + first + "\", \"handler\": \"flow." + first + "\"}",
                                wait,
                                "{\"name\": \"" + last + "\", \"handler\": \"flow." + last + "\", \"after\": [\""
                                        + after + "\"]}"))
                + "]}");
    }
}
