package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A checker that finds nothing is worth something only if it finds what is wrong. */
class VerifyTest extends Specification {
    private static final List<String> TABLES =
            List.of("runs", "tasks", "audit", "timers", "idempotency_keys", "unsettled_steps", "stale_reports");

    private UUID done;
    private UUID open;

    @BeforeEach
    void a_run_that_ended_and_one_that_waits_in_every_way() {
        db.define("flow", "a -> b");
        db.define("busy", "scheduled, running, retrying, handed, each*; scheduled -> pending");
        db.defineJson(WorkflowText.with(
                WorkflowText.with(
                        WorkflowText.definition("undone", "a -> b* -> c"), "a", "\"undo\": {\"handler\": \"undo.a\"}"),
                "b",
                "\"undo\": {\"handler\": \"undo.b\"}"));
        long worker = db.worker();
        db.start("undone");
        db.complete(worker, db.claimOne(worker), "[1, 2]");
        db.complete(worker, db.claim(worker, 2), "1");
        db.settle();
        db.failForGood(worker, db.claimOne(worker));
        db.settle();
        db.cancel(db.row("select undo_run_id from pgflow.undo_runs").uuid("undo_run_id"));
        done = db.row("select pgflow.start_run('flow', '1', 'key') as run_id").uuid("run_id");
        db.drain(worker);
        open = db.start("busy", "[1, 2]");
        for (Claim claim : db.claim(worker, 10)) {
            if (claim.name().equals("retrying")) {
                db.fail(worker, claim);
            } else if (claim.name().equals("handed")) {
                new Deferring(db).token(claim);
                new Deferring(db).handOver(worker, claim);
            } else if (!claim.name().equals("running")) {
                db.row(
                        "select * from pgflow.release_tasks(?, ?, ?, ?, ?)",
                        worker,
                        Session.ids(List.of(claim)),
                        Session.steps(List.of(claim)),
                        Session.items(List.of(claim)),
                        Session.fences(List.of(claim)));
            }
        }
        db.startDelayed("flow", "1 hour");
        db.row(
                "select * from pgflow.define_schedule('often', '{\"workflow\": \"flow\", \"every\": \"PT1M\"}', 'ada', null)");
        assertThat(db.rows("select * from pgflow.verify()")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "I1  | delete from pgflow.runs where run_id = :done",
                "I21 | update pgflow.tasks set workflow_id = workflow_id + 1 where run_id = :done and step = 1",
                "I15 | update pgflow.idempotency_keys set workflow_name = 'busy'",
                "I1  | delete from pgflow.tasks where run_id = :done and step = 2",
                "I2  | update pgflow.tasks set state = 'PENDING' where run_id = :done and step = 2",
                "I2  | update pgflow.runs set state = 'RUNNING', ended_at = null where run_id = :done",
                "I3  | insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt) values (:done, now(), 0, 5, 1, 1, 10, 1, 1)",
                "I3  | update pgflow.audit set generation = 2 where run_id = :done and step = 1 and seq = 3",
                "I3  | insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt) values (:open, now(), 0, 2, 0, 5, 60, 2, 0)",
                "I4  | update pgflow.tasks set generation = 2 where run_id = :done and step = 1",
                "I4  | delete from pgflow.audit where run_id = :done and step = 1 and seq = 2",
                "I4  | update pgflow.audit set seq = 9 where run_id = :done and step = 1 and seq = 3",
                "I4  | update pgflow.audit set transition = 11 where run_id = :done and step = 1 and seq = 3",
                "I4  | update pgflow.audit set transition = 1000 where run_id = :done and step = 1 and seq = 3",
                "I4  | update pgflow.audit set worker_id = null where run_id = :done and transition = 4",
                "I4  | update pgflow.tasks set events = events + 1 where run_id = :done and step = 1",
                "I4  | update pgflow.audit set run_transition = null, run_seq = null where run_id = :done and run_transition = 104",
                "I4  | update pgflow.audit set run_transition = null where run_id = :done and run_transition = 102",
                "I4  | update pgflow.audit set run_seq = 3 where run_id = :done and run_transition = 104",
                "I5  | update pgflow.tasks set output = '\"forged\"' where run_id = :done and step = 1",
                "I17 | insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt) values (:done, now(), 0, 4, 1, 1, 6, 1, 1)",
                "I5  | insert into pgflow.past_generations select run_id, item, fence, events, step, generation, attempts, state, input, '0', null from pgflow.tasks where run_id = :done",
                "I6  | update pgflow.audit set fence = 3 where run_id = :done and step = 1 and seq = 3",
                "I6  | update pgflow.audit set fence = 2 where run_id = :done and step = 1 and transition = 4",
                "I7  | update pgflow.audit set at = at - interval '1 day' where run_id = :done and step = 1 and transition = 4; insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt) values (:done, now(), 0, 0, 0, 1, 7, 1, 1)",
                "I8  | insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt) values (:done, now(), 0, 9, 1, 2, 3, 1, 1)",
                "I8  | update pgflow.audit set entry = default where run_id = :done and step = 1 and transition = 6",
                "I8  | delete from pgflow.audit where run_id = :done and step = 1 and transition = 6",
                "I8  | update pgflow.tasks set remaining = 0 where run_id = :open and state = 'PENDING'",
                "I9  | update pgflow.tasks set remaining = 3 where run_id = :open and state = 'PENDING'",
                "I9  | update pgflow.tasks set remaining = 1 where run_id = :open and deferred = 'items'",
                "I9  | insert into pgflow.unsettled_steps values (:open, (select step from pgflow.tasks where deferred = 'items'), 1)",
                "I9  | update pgflow.runs set remaining_sinks = 1 where run_id = :open",
                "I9  | insert into pgflow.limited_maps values (:done, 1, 5, 2)",
                "I9  | update pgflow.tasks set state = 'PENDING' where run_id = :open and item = 1",
                "I10 | delete from pgmq.q_pgf2_default where msg_id = (select min(message_id) from pgflow.tasks where run_id = :open and state = 'SCHEDULED')",
                "I10 | insert into pgmq.q_pgf2_default (vt, message) select now(), jsonb_build_object('run_id', :done, 'step', 1, 'item', 0)",
                "I10 | update pgflow.tasks set message_id = message_id + 1000 where run_id = :open and state = 'SCHEDULED'",
                "I10 | delete from pgflow.claims",
                "I10 | update pgflow.tasks set message_id = null where run_id = :open and state = 'SCHEDULED'",
                "I10 | insert into pgflow.gated_tasks (run_id, step, item, line_id, gated_at) values (:open, 1, 0, 77, now())",
                "I10 | insert into pgflow.gate_lines (line_key, lane, turn, queue, priority, keys, limits, periods, touched_at) values ('a', 'a.a', '', 'default', 2, '{place a}', '{0}', '{null}', now()); insert into pgflow.places (limit_key, run_id, step, item, fence, kind, weight) select 'place a', run_id, step, item, fence - 1, 'place', 1 from pgflow.tasks where run_id = :open and state = 'RUNNING' and deferred is null",
                "I10 | with m as (delete from pgmq.q_pgf2_default where msg_id = (select min(message_id) from pgflow.tasks where run_id = :open and state = 'SCHEDULED') returning msg_id) insert into pgflow.parked_tasks (run_id, step, item, queue, message_id, parked_at, rule_id) select t.run_id, t.step, t.item, 'default', m.msg_id, now(), 1 from m join pgflow.tasks t on t.message_id = m.msg_id",
                "I10 | delete from pgflow.timers where run_id = :open",
                "I10 | insert into pgflow.timers values (:done, 1, 0, now())",
                "I10 | insert into pgflow.timers values (:done, 0, 0, now())",
                "I10 | delete from pgflow.timers where step = 0",
                "I10 | delete from pgflow.timers t using pgflow.tasks d where d.run_id = t.run_id and d.step = t.step and d.deferred = 'token'",
                "I10 | update pgflow.deferrals set deferred_at = null",
                "I10 | update pgflow.deferrals set fence = fence + 1",
                "I11 | update pgflow.tasks set attempts = 4 where run_id = :done and step = 1",
                "I11 | update pgflow.tasks set losses = 4 where run_id = :open and state = 'RETRYING'",
                "I13 | insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt) values (:open, now(), 0, 2, 0, 0, 106, 1, 0), (:open, now(), 0, 9, 9, 1, 4, 1, 1)",
                "I24 | insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt) values (gen_random_uuid(), now(), 0, 1, 0, 0, 102, 1, 0)",
                "I24 | insert into pgflow.past_generations values (gen_random_uuid(), 0, 1, 1, 1, 1, 1, 'FAILED')",
                "I24 | insert into pgflow.run_origins values (gen_random_uuid(), :done, now())",
                "I24 | insert into pgflow.run_moves values (gen_random_uuid(), 1, 1)",
                "I12 | insert into pgflow.audit (run_id, at, item, seq, fence, step, transition, generation, attempt) select run_id, now(), 0, 5, 1, step, 10, 1, 1 from pgflow.tasks where run_id = :open and state = 'RETRYING'",
                "I26 | insert into pgflow.deadlines values (gen_random_uuid(), 0, now())",
                "I26 | insert into pgflow.deadlines values (:done, 1, now())",
                "I26 | update pgflow.steps set deadline = '1 hour'",
                "I27 | update pgflow.schedules set next_at = decided_until - interval '1 second'",
                "I28 | delete from pgflow.undo_runs",
                "I28 | insert into pgflow.owed_undos values (:done, now(), 1)",
                "I28 | insert into pgflow.owed_undos select run_id, now(), generation from pgflow.undo_runs",
                "I28 | insert into pgflow.undo_runs values (:done, 1, gen_random_uuid(), 1, now())",
                "I28 | update pgflow.undo_runs set undo_run_id = :done",
                "I28 | update pgflow.undo_runs set generation = 2",
                "I28 | update pgflow.runs r set input = jsonb_set(input, '{b}', '[1]') from pgflow.undo_runs u where u.undo_run_id = r.run_id",
                "I28 | update pgflow.undo_runs set workflow_id = 1; update pgflow.runs set workflow_id = 1 where run_id in (select undo_run_id from pgflow.undo_runs)",
                "I28 | update pgflow.steps s set name = 'c' from pgflow.undo_runs u where s.workflow_id = u.workflow_id and s.name = 'b'",
                "I28 | update pgflow.steps s set undo = null from pgflow.workflows w where w.workflow_id = s.workflow_id and w.name = 'undone' and s.name = 'b'",
                "I28 | update pgflow.steps s set name = 'x' from pgflow.undo_runs u where s.workflow_id = u.workflow_id and s.name = 'b'; update pgflow.steps s set name = 'b' from pgflow.undo_runs u where s.workflow_id = u.workflow_id and s.name = 'a'; update pgflow.steps s set name = 'a' from pgflow.undo_runs u where s.workflow_id = u.workflow_id and s.name = 'x'",
                "I27 | insert into pgflow.idempotency_keys select 'flow', concat('schedule x ', run_id), run_id from pgflow.runs; update pgflow.runs set labels = '{\"schedule\": \"x\", \"tick\": \"y\"}'",
            })
    void a_database_in_which_something_is_wrong_is_reported(String invariant, String damage) {
        db.begin();
        for (String table : TABLES) {
            db.execute("alter table pgflow." + table + " disable trigger all");
        }
        db.execute("alter table pgflow.audit alter entry set generated by default");
        db.execute(damage.replace(":done", "'" + done + "'::uuid").replace(":open", "'" + open + "'::uuid"));

        assertThat(db.texts("select distinct invariant from pgflow.verify()")).contains(invariant);
        db.rollback();
    }

    @Test
    void a_report_says_which_task_and_what_is_wrong() {
        db.begin();
        db.execute("update pgflow.tasks set remaining = 3 where state = 'PENDING' and run_id = '" + open + "'");

        Row found = db.row("select * from pgflow.verify() where invariant = 'I9'");

        assertThat(found.uuid("run_id")).isEqualTo(open);
        assertThat(found.text("problem")).isEqualTo("remaining is 3, but 1 parents have not ended");
        db.rollback();
    }
}
