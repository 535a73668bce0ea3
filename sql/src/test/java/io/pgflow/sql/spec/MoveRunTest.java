package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A running run moves to another version of its workflow. */
class MoveRunTest extends Specification {

    @Test
    void the_plan_says_what_stays_what_waits_what_is_new_and_what_is_dropped() {
        db.define("flow", "a -> b -> c");
        db.define("flow", "a -> x -> c; a -> y");
        UUID run = begun();

        assertThat(plan(run, 2)).containsExactlyInAnyOrder("a stays", "x new", "c waits", "y new", "b dropped");
        assertThat(db.states(run)).isEqualTo("RUNNING: a RUNNING, b PENDING, c PENDING");
    }

    @Test
    void what_has_not_begun_is_that_of_the_new_version_afterwards() {
        db.define("flow", "a -> b -> c");
        db.define("flow", "a -> x -> c; a -> y");
        long worker = db.worker();
        UUID run = startOf(1);

        assertThat(move(run, 2)).isEqualTo("moved");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, x PENDING, c PENDING, y PENDING");
        db.drain(worker);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED, x SUCCEEDED, c SUCCEEDED, y SUCCEEDED");
    }

    @Test
    void new_steps_behind_what_has_succeeded_are_scheduled_at_once() {
        db.define("flow", "a -> b");
        db.define("flow", "a -> b; a -> c");
        long worker = db.worker();
        UUID run = startOf(1);
        db.complete(worker, db.claimOne(worker), "7");

        assertThat(move(run, 2)).isEqualTo("moved");

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED, c SCHEDULED");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void the_history_speaks_of_each_step_by_its_name_of_that_time() {
        db.define("flow", "a -> b");
        db.define("flow", "a -> x");
        UUID run = startOf(1);

        move(run, 2);

        assertThat(db.texts(
                        "select event || coalesce(' ' || step, '') || ' ' || version || ' ' || generation from pgflow.run_events(?)",
                        run))
                .containsExactly(
                        "workflow_started 1 1",
                        "task_scheduled a 1 1",
                        "task_pending b 1 1",
                        "workflow_moved 1 1",
                        "task_cancelled b 1 1",
                        "task_pending x 2 2");
        assertThat(db.texts(
                        "select actor || ' ' || (detail ->> 'reason') || ' ' || (detail ->> 'from') || ' ' || (detail ->> 'to') from pgflow.run_events(?) where event = 'workflow_moved'",
                        run))
                .containsExactly("ada new printer 1 2");
    }

    @Test
    void steps_that_have_begun_keep_number_name_handler_and_parents() {
        db.define("flow", "a -> b -> c");
        db.define("flow", "z; a -> b -> c");
        db.define("flow", "a -> c");
        db.defineJson(WorkflowText.definition("flow", "a -> b -> c").replace("flow.b", "flow.other"));
        db.define("flow", "a, b -> c");
        db.define("flow", "z -> b -> c");
        long worker = db.worker();
        UUID run = startOf(1);
        db.complete(worker, db.claimOne(worker));
        db.claimOne(worker);

        assertThat(refused(run, 2))
                .contains(
                        "a: it has begun as step number 1 and would be number 2; put new steps behind those that have begun");
        assertThat(refused(run, 3)).containsExactly("b: it has begun and is not in version 3");
        assertThat(refused(run, 4)).containsExactly("b: it has begun with handler flow.b, which would be flow.other");
        assertThat(refused(run, 5)).hasSize(1).first().asString().startsWith("b: it has begun after");
        assertThat(refused(run, 6)).contains("a: it has begun and is not in version 6");
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b RUNNING, c PENDING");
    }

    @Test
    void what_is_said_of_a_step_that_runs_does_not_change_nor_does_its_end_begin_to_end_the_run() {
        db.define("flow", "a -> b");
        db.define("flow", "a(maxAttempts 9) -> b");
        db.define("flow", "a, b");
        UUID run = begun();

        assertThat(refused(run, 2))
                .containsExactly("a: it runs, and its options would change; wait until it has ended");
        assertThat(refused(run, 3))
                .containsExactly(
                        "a: its end would end the run or open a map, which it does not now; wait until it has ended");
    }

    @Test
    void a_task_that_waits_for_a_worker_or_a_retry_has_the_options_of_the_new_version() {
        db.define("flow", "a(maxAttempts 1) -> b");
        db.define("flow", "a(maxAttempts 9) -> b");
        long worker = db.worker();
        UUID run = startOf(1);

        assertThat(move(run, 2)).isEqualTo("moved");
        db.fail(worker, db.claimOne(worker));

        assertThat(db.states(run)).isEqualTo("RUNNING: a RETRYING, b PENDING");
    }

    @Test
    void what_waits_for_a_worker_does_not_move_past_limits_nor_what_waits_for_room_out_of_them() {
        db.define("flow", "a -> b");
        db.define("flow", "a -> b", "a", "\"concurrency\": [{\"limit\": 1}]");
        long worker = db.worker();
        UUID free = startOf(1);
        UUID limited = startOf(2);
        db.settle();

        assertThat(db.texts(
                        "select step || ' ' || fate || ': ' || reason from pgflow.plan_move(?, 2) where fate = 'refused'",
                        free))
                .containsExactly(
                        "a refused: it waits for a worker, past the limits that it would have; wait until it has begun");
        assertThat(refused(free, 2)).hasSize(1);
        assertThat(refused(limited, 1))
                .containsExactly("a: it waits for room in its limits, and would have none; wait until it has begun");

        db.complete(worker, db.claimOne(worker));
        assertThat(move(free, 2)).isEqualTo("moved");
    }

    @Test
    void what_waits_for_room_goes_by_the_limits_of_the_new_version() {
        db.define("flow", "a -> b", "a", "\"concurrency\": [{\"limit\": 1, \"name\": \"one\"}]");
        db.define("flow", "a -> b", "a", "\"concurrency\": [{\"limit\": 1, \"name\": \"two\"}]");
        long worker = db.worker();
        startOf(1);
        startOf(1);
        db.settle();
        db.row("select * from pgflow.admit_tasks()");
        UUID second = db.row("select run_id from pgflow.gated_tasks").uuid("run_id");

        assertThat(move(second, 2)).isEqualTo("moved");
        db.row("select * from pgflow.admit_tasks()");

        assertThat(db.claim(worker, 10)).hasSize(2);
    }

    @Test
    void a_task_on_its_way_has_the_deadline_that_the_new_version_gives_its_step_or_none() {
        db.define("flow", "a(deadline PT1H) -> b");
        db.define("flow", "a -> b");
        UUID run = startOf(1);
        db.settle();
        assertThat(db.count("select count(*) from pgflow.deadlines")).isEqualTo(1);

        assertThat(move(run, 2)).isEqualTo("moved");
        assertThat(db.count("select count(*) from pgflow.deadlines")).isZero();

        assertThat(move(run, 1)).isEqualTo("moved");
        assertThat(db.count("select count(*) from pgflow.deadlines")).isEqualTo(1);
    }

    @Test
    void a_run_ends_with_what_is_left_of_it_in_the_new_version() {
        db.define("flow", "a -> b");
        db.define("flow", "a");
        long worker = db.worker();
        UUID run = startOf(1);
        Claim first = db.claimOne(worker);
        db.skip(run, "b");
        db.complete(worker, first);
        UUID other = startOf(1);

        assertThat(refused(run, 2)).containsExactly("b: it has begun and is not in version 2");
        assertThat(move(other, 2)).isEqualTo("moved");

        db.settle();
        db.drain(worker);
        assertThat(db.states(other)).startsWith("SUCCEEDED: a SUCCEEDED");
    }

    @Test
    void a_delayed_run_moves_and_begins_as_the_new_version() {
        db.define("flow", "a -> b");
        UUID run = db.startDelayed("flow", "1 hour");
        db.define("flow", "x -> a -> b");

        assertThat(move(run, 2)).isEqualTo("moved");
        db.clock("2 hours");
        db.fire();

        assertThat(db.states(run)).isEqualTo("RUNNING: x SCHEDULED, a PENDING, b PENDING");
    }

    @Test
    void a_run_that_has_ended_or_is_of_that_version_does_not_move_nor_is_there_every_version() {
        db.define("flow", "a");
        UUID run = startOf(1);
        assertThat(refused(run, 1)).containsExactly("the run is of version 1 already");
        assertThat(refused(run, 2)).containsExactly("workflow flow has no version 2");
        assertThat(refused(UUID.randomUUID(), 2)).containsExactly("there is no such run");
        db.define("flow", "a -> b");
        db.cancel(run);

        assertThat(refused(run, 2)).containsExactly("the run has ended: CANCELLED");
    }

    @Test
    void a_run_moves_back_and_is_retried_there() {
        db.define("flow", "a -> b -> c");
        db.define("flow", "a -> x");
        long worker = db.worker();
        UUID run = startOf(1);
        move(run, 2);
        assertThat(move(run, 1)).isEqualTo("moved");
        db.failForGood(worker, db.claimOne(worker));

        db.retry(run);

        assertThat(db.states(run)).isEqualTo("RUNNING: a SCHEDULED, b PENDING, c PENDING");
        move(run, 2);
        db.drain(worker);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED, x SUCCEEDED");
    }

    @Test
    void a_move_and_a_report_meet_without_losing_count() {
        db.define("flow", "a -> b");
        db.define("flow", "a -> b; a -> c");
        long worker = db.worker();
        UUID run = startOf(1);
        Claim claim = db.claimOne(worker);

        Paused<String> moving = pauseAt(
                "move_run-locked",
                session -> String.valueOf(session.row("select * from pgflow.move_run(?, 2, 'ada', null)", run)
                        .text("outcome")));
        Paused<Report> report = Paused.blocked(session(), session(), session -> session.complete(worker, claim));
        assertThat(moving.resume()).isEqualTo("moved");
        report.finish();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED, c SCHEDULED");
    }

    /** A run of version 1 whose first step runs. */
    private UUID begun() {
        UUID run = startOf(1);
        db.claimOne(db.worker());
        return run;
    }

    private UUID startOf(int version) {
        UUID run = UUID.randomUUID();
        db.row(
                "select * from pgflow.start_runs(array[?::uuid], array[(select workflow_id from pgflow.workflows where name = 'flow' and version = ?)], array['1'::jsonb], null, null, null, null, null)",
                run,
                version);
        return run;
    }

    private List<String> plan(UUID run, int version) {
        return db.texts("select step || ' ' || fate from pgflow.plan_move(?, ?)", run, version);
    }

    private String move(UUID run, int version) {
        return String.valueOf(db.row("select * from pgflow.move_run(?, ?, 'ada', 'new printer')", run, version)
                .text("outcome"));
    }

    private List<String> refused(UUID run, int version) {
        Row row = db.row("select * from pgflow.move_run(?, ?, 'ada', 'new printer')", run, version);
        assertThat(row.text("outcome")).isEqualTo("refused");
        return row.list("reasons", String.class);
    }
}
