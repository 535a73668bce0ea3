package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Outputs that a person gives, and items and failed tasks that a person skips. */
class SetOutputTest extends Specification {

    @Test
    void a_step_that_waits_for_a_worker_or_a_retry_succeeds_with_the_output_that_a_person_gives() {
        db.define("pair", "a, b -> c");
        long worker = db.worker();
        UUID run = db.start("pair");
        Claim claim = db.claimOne(worker);
        db.fail(worker, claim);

        assertThat(db.setOutput(run, "a", 0, "1")).isEqualTo("set");
        assertThat(db.setOutput(run, "b", 0, "null")).isEqualTo("set");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SUCCEEDED, c SCHEDULED");
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"a\": 1, \"b\": null}");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
        assertThat(db.texts(
                        "select actor || ': ' || (detail ->> 'reason') from pgflow.run_events(?) where actor is not null",
                        run))
                .containsExactly("ada: by hand", "ada: by hand");
    }

    @Test
    void what_comes_after_a_step_given_while_it_waits_goes_on_when_what_it_waited_for_has_ended() {
        db.define("chain", "a -> b -> c");
        long worker = db.worker();
        UUID run = db.start("chain");

        assertThat(db.setOutput(run, "b", 0, "5")).isEqualTo("set");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b SUCCEEDED, c PENDING");
        db.complete(worker, db.claimOne(worker));
        db.settle();
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"b\": 5}");
    }

    @Test
    void a_run_ends_when_its_last_step_is_given() {
        db.define("single", "work");
        UUID run = db.start("single");

        Row given = db.row("select * from pgflow.set_output(?, 'work', 0, '7', 'ada', null)", run);

        assertThat(given.list("ended_run_ids", UUID.class)).containsExactly(run);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: work SUCCEEDED");
        assertThat(db.output(run, "work")).isEqualTo("7");
    }

    @Test
    void a_failed_step_is_given_and_its_run_goes_on() {
        db.define("pair", "a -> c; b -> d");
        long worker = db.worker();
        UUID run = db.start("pair");
        Claim claim = db.claimOne(worker);
        db.failForGood(worker, claim);

        assertThat(db.setOutput(run, claim.name(), 0, "1")).isEqualTo("set");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, c SCHEDULED, b SCHEDULED, d PENDING");
        assertThat(db.history(run)).contains("a fail", "restart_run", "a restart", "a set_pending");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void what_runs_or_succeeded_or_was_skipped_is_not_given() {
        db.define("all", "a, b, c");
        long worker = db.worker();
        UUID run = db.start("all");
        db.skip(run, "c");
        Claim a = db.claimOne(worker);
        db.complete(worker, a);
        db.claimOne(worker);

        assertThat(db.setOutput(run, "a", 0, "1")).isEqualTo("succeeded");
        assertThat(db.setOutput(run, "b", 0, "1")).isEqualTo("running");
        assertThat(db.setOutput(run, "c", 0, "1")).isEqualTo("skipped");
        assertThat(db.setOutput(run, "c", 1, "1")).isEqualTo("unknown");
        assertThat(db.setOutput(run, "d", 0, "1")).isEqualTo("unknown");
        assertThat(db.setOutput(db.startDelayed("all", "1 hour"), "a", 0, "1")).isEqualTo("pending");
    }

    @Test
    void items_of_a_map_are_given_and_skipped() {
        db.define("map", "each*(atOnce 1) -> sum");
        long worker = db.worker();
        UUID run = db.start("map", "[1, 2, 3]");

        assertThat(db.setOutput(run, "each", 3, "30")).isEqualTo("set");
        assertThat(db.skipTask(run, "each", 1)).isEqualTo("skipped");
        assertThat(db.skipTask(run, "each", 1)).isEqualTo("already skipped");
        assertThat(db.setOutput(run, "each", 0, "[]")).isEqualTo("running");
        db.settle();
        assertThat(db.states(run))
                .isEqualTo("RUNNING: each RUNNING, each[1] SKIPPED, each[2] SCHEDULED, each[3] SUCCEEDED, sum PENDING");
        db.complete(worker, db.claimOne(worker), "20");
        db.settle();

        assertThat(db.output(run, "each")).isEqualTo("[null, 20, 30]");
    }

    @Test
    void an_item_that_failed_in_an_open_map_can_still_be_given() {
        db.define("map", "each*", "each", "\"collect\": true");
        long worker = db.worker();
        UUID run = db.start("map", "[1, 2]");
        Claim first = db.claimOne(worker);
        db.failForGood(worker, first);

        assertThat(db.setOutput(run, "each", first.item(), "10")).isEqualTo("set");
        db.complete(worker, db.claimOne(worker), "20");
        db.settle();

        assertThat(db.output(run, "each")).isEqualTo("{\"errors\": [], \"outputs\": [10, 20]}");
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_failed_item_is_skipped_or_given_and_its_run_goes_on() {
        db.define("map", "each*");
        long worker = db.worker();
        UUID run = db.start("map", "[1, 2]");
        Claim first = db.claimOne(worker);
        db.failForGood(worker, first);

        assertThat(db.skipTask(run, "each", first.item())).isEqualTo("skipped");

        assertThat(db.states(run)).isEqualTo("RUNNING: each RUNNING, each[1] SKIPPED, each[2] SCHEDULED");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_map_that_failed_is_skipped_or_given_as_a_whole() {
        db.define("map", "each* -> sum");
        long worker = db.worker();
        UUID run = db.start("map", "[1, 2]");
        db.failForGood(worker, db.claimOne(worker));

        assertThat(db.setOutput(run, "each", 0, "[5]")).isEqualTo("set");
        db.settle();

        assertThat(db.states(run))
                .isEqualTo("RUNNING: each SUCCEEDED, each[1] FAILED, each[2] CANCELLED, sum SCHEDULED");
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"each\": [5]}");
    }

    @Test
    void a_step_that_waits_for_something_from_outside_is_given_or_skipped() {
        db.defineJson(
                "{\"name\": \"waits\", \"steps\": [{\"name\": \"hear\", \"signal\": \"paid\", \"within\": \"PT1H\"},"
                        + " {\"name\": \"nap\", \"sleep\": \"PT1H\"},"
                        + " {\"name\": \"last\", \"handler\": \"waits.last\", \"after\": [\"hear\", \"nap\"]}]}");
        UUID run = db.start("waits");
        db.settle();

        assertThat(db.setOutput(run, "hear", 0, "5")).isEqualTo("set");
        assertThat(db.skipTask(run, "nap", 0)).isEqualTo("skipped");

        assertThat(db.states(run)).isEqualTo("RUNNING: hear SUCCEEDED, nap SKIPPED, last SCHEDULED");
        assertThat(db.claimOne(db.worker()).outputs()).isEqualTo("{\"nap\": null, \"hear\": 5}");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
    }

    @Test
    void what_waits_for_an_answer_is_given_or_skipped_and_a_late_answer_is_stale() {
        db.define("flow", "each* -> last");
        long worker = db.worker();
        var outside = new Deferring(db);
        UUID run = db.start("flow", "[1, 2, 3]");
        db.settle();
        List<String> tokens = List.of(outside.next(worker), outside.next(worker), outside.next(worker));

        assertThat(db.setOutput(run, "each", 1, "5")).isEqualTo("set");
        assertThat(db.skipTask(run, "each", 2)).isEqualTo("skipped");

        assertThat(outside.complete("6", tokens.toArray(String[]::new))).containsExactly("stale", "stale", "applied");
        db.settle();
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"each\": [5, null, 6]}");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
    }

    @Test
    void a_run_that_a_task_started_is_cancelled_when_a_person_gives_the_output() {
        db.define("inner", "a");
        db.defineJson(
                "{\"name\": \"outer\", \"steps\": [{\"name\": \"each\", \"workflow\": \"inner\", \"over\": \"$input\"}]}");
        UUID run = db.start("outer", "[1, 2]");
        db.settle();

        assertThat(db.setOutput(run, "each", 1, "5")).isEqualTo("set");
        db.settle();

        assertThat(db.texts("select state from pgflow.runs where run_id <> ? order by state", run))
                .containsExactly("CANCELLED", "RUNNING");
    }

    @Test
    void a_step_that_waits_for_its_condition_can_be_given() {
        db.define("choice", "a -> b", "a", "\"when\": {\"$from\": \"$input\", \"exists\": false}");
        UUID run = db.start("choice", "1");

        assertThat(db.setOutput(run, "a", 0, "3")).isEqualTo("set");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
    }
}
