package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StateMachineTest extends Specification {
    private static final List<String> TASK_STATES =
            List.of("PENDING", "SCHEDULED", "RUNNING", "SUCCEEDED", "FAILED", "RETRYING", "CANCELLED", "SKIPPED");
    private static final List<String> RUN_STATES = List.of("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED");
    private static final List<String> TERMINAL = List.of("SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED");

    /** What makes each transition happen; a transition that joins the list needs a line here. */
    private final Map<String, Runnable> scenarios = new LinkedHashMap<>();

    {
        scenarios.put("await", () -> db.start("chain"));
        scenarios.put("enqueue", () -> db.start("chain"));
        scenarios.put("schedule", () -> completed("chain"));
        scenarios.put("claim", () -> claimed("chain"));
        scenarios.put("open", () -> db.start("map", "[1]"));
        scenarios.put("complete", () -> completed("chain"));
        scenarios.put("retry", () -> retrying("chain"));
        scenarios.put("lose", () -> lost("chain", 1));
        scenarios.put("release", () -> db.row("select * from pgflow.retire_worker(?)", claimed("chain")));
        scenarios.put("reschedule", () -> lost("chain", 1));
        scenarios.put("fail", () -> failed("chain"));
        scenarios.put("poison", () -> lost("chain", 3));
        scenarios.put("cancel_pending", () -> db.cancel(db.start("chain")));
        scenarios.put("cancel_scheduled", () -> db.cancel(db.start("chain")));
        scenarios.put("cancel_running", () -> {
            claimed("chain");
            cancelAll();
        });
        scenarios.put("cancel_retrying", () -> {
            retrying("chain");
            cancelAll();
        });
        scenarios.put("skip_pending", () -> db.skip(db.start("chain"), "b"));
        scenarios.put("skip_scheduled", () -> db.skip(db.start("chain"), "a"));
        scenarios.put("skip_retrying", () -> db.skip(retrying("chain"), "a"));
        scenarios.put("skip_unmet", this::unmet);
        scenarios.put("skip_branch", this::unmet);
        scenarios.put("skip_failed", () -> failed("skipping"));
        scenarios.put("fall_back", () -> failed("falling"));
        scenarios.put("expire_scheduled", () -> late("late", "[1, 2]"));
        scenarios.put("expire_retrying", () -> late("late", "[1, 2]"));
        scenarios.put("expire_pending", () -> late("late", "[1, 2, 3]"));
        scenarios.put("skip_late_scheduled", () -> late("late_skipping", "[1, 2]"));
        scenarios.put("skip_late_retrying", () -> late("late_skipping", "[1, 2]"));
        scenarios.put("skip_late_pending", () -> late("late_skipping", "[1, 2, 3]"));
        scenarios.put("fall_back_scheduled", () -> late("late_falling", "[1, 2]"));
        scenarios.put("fall_back_retrying", () -> late("late_falling", "[1, 2]"));
        scenarios.put("fall_back_pending", () -> late("late_falling", "[1, 2, 3]"));
        scenarios.put("skip_deferred", () -> {
            UUID run = db.start("sleeping");
            db.settle();
            db.skip(run, "nap");
        });
        scenarios.put("defer", () -> {
            db.start("chain");
            new Deferring(db).next(db.worker());
        });
        scenarios.put("reuse", this::reused);
        scenarios.put("restart", () -> db.retry(failed("chain")));
        scenarios.put("recall_scheduled", () -> {
            UUID run = completed("chain");
            db.rerun(run, "a");
        });
        scenarios.put("recall_retrying", () -> {
            UUID run = completed("chain");
            long worker = db.worker();
            db.fail(worker, db.claimOne(worker));
            db.rerun(run, "a");
        });
        scenarios.put("set_pending", () -> db.setOutput(db.start("chain"), "b", 0, "1"));
        scenarios.put("set_scheduled", () -> db.setOutput(db.start("chain"), "a", 0, "1"));
        scenarios.put("set_retrying", () -> db.setOutput(retrying("chain"), "a", 0, "1"));
        scenarios.put("set_deferred", () -> {
            UUID run = db.start("sleeping");
            db.settle();
            db.setOutput(run, "nap", 0, "1");
        });
        scenarios.put("restart_run", () -> db.retry(failed("chain")));
        scenarios.put("drop", this::moved);
        scenarios.put("adopt", this::moved);
        scenarios.put("move", this::moved);
        scenarios.put("move_delayed", () -> {
            UUID run = db.startDelayed("moving", "1 hour");
            db.row("select * from pgflow.move_run(?, 1, 'ada', null)", run);
        });
        scenarios.put("replace", this::replaced);
        scenarios.put("delay", () -> db.startDelayed("chain", "1 hour"));
        scenarios.put("start", () -> db.start("chain"));
        scenarios.put("begin", () -> {
            db.startDelayed("chain", "1 hour");
            db.clock("2 hours");
            db.fire();
        });
        scenarios.put("succeed", () -> completed("single"));
        scenarios.put("fail_run", () -> failed("single"));
        scenarios.put("cancel_run", () -> db.cancel(db.start("single")));
        scenarios.put("cancel_delayed", () -> db.cancel(db.startDelayed("single", "1 hour")));
        scenarios.put("fail_delayed", () -> {
            db.row("select pgflow.start_run('single', p_delay => '1 hour', p_deadline => '1 minute')");
            db.clock("2 hours");
            db.row("select * from pgflow.fire_deadlines()");
        });
    }

    @Test
    void every_legal_transition_is_taken() {
        db.define("chain", "a -> b");
        db.define("single", "a");
        db.define("map", "each*");
        db.define(
                "branch",
                "a -> b",
                "a",
                "\"otherwise\": \"skipBranch\", \"when\": {\"$from\": \"$input\", \"exists\": false}");
        db.define("moving", "a -> x");
        db.define("moving", "a -> b");
        db.defineJson("{\"name\": \"sleeping\", \"steps\": [{\"name\": \"nap\", \"sleep\": \"PT1H\"}]}");
        db.define("skipping", "a(onFailure skip)");
        db.define("falling", "a(onFailure fallback, fallback 0)");
        String late = "each*(atOnce 2, deadline PT10M, retryDelay PT1H, maxRetryDelay PT1H, ";
        db.define("late", late + "onFailure fail)");
        db.define("late_skipping", late + "onFailure skip)");
        db.define("late_falling", late + "onFailure fallback, fallback 0)");
        List<String> names = db.texts("select name from pgflow.transitions order by transition");
        assertThat(scenarios.keySet()).containsExactlyInAnyOrderElementsOf(names);

        for (String name : names) {
            long before = taken(name);
            scenarios.getOrDefault(name, () -> {}).run();
            assertThat(taken(name)).as(name).isGreaterThan(before);
            db.clock("0");
            cancelAll();
        }
    }

    @Test
    void every_other_move_of_a_task_is_refused_and_changes_nothing() {
        Set<String> legal = moves("task");
        for (String from : TASK_STATES) {
            UUID run = taskIn(from);
            for (String to : TASK_STATES) {
                if (!from.equals(to) && !legal.contains(from + ">" + to)) {
                    assertRefused("update pgflow.tasks set state = '" + to + "' where run_id = '" + run + "'");
                    assertThat(db.texts("select state from pgflow.tasks where run_id = ?", run))
                            .containsExactly(from);
                }
            }
            tidy(run);
        }
    }

    @Test
    void every_other_move_of_a_run_is_refused_and_changes_nothing() {
        Set<String> legal = moves("run");
        for (String from : RUN_STATES) {
            UUID run = runIn(from);
            for (String to : RUN_STATES) {
                if (!from.equals(to) && !legal.contains(from + ">" + to)) {
                    assertRefused("update pgflow.runs set state = '" + to + "' where run_id = '" + run + "'");
                    assertThat(db.texts("select state from pgflow.runs where run_id = ?", run))
                            .containsExactly(from);
                }
            }
            tidy(run);
        }
    }

    @Test
    void nothing_is_born_in_another_state_than_the_list_allows() {
        for (String state : TASK_STATES) {
            if (!List.of("PENDING", "SCHEDULED").contains(state)) {
                assertRefused(
                        "insert into pgflow.tasks (run_id, workflow_id, item, remaining, events, step, priority, state)"
                                + " values (gen_random_uuid(), 1, 0, 0, 1, 1, 2, '" + state + "')");
            }
        }
        for (String state : List.of("SUCCEEDED", "FAILED", "CANCELLED")) {
            assertRefused(
                    "insert into pgflow.runs (run_id, workflow_id, created_at, remaining_sinks, events, priority, state, input)"
                            + " values (gen_random_uuid(), 1, now(), 1, 1, 2, '" + state + "', '1')");
        }
    }

    @Test
    void terminal_states_are_final() {
        assertThat(db.count("select count(*) from pgflow.transitions where from_state = any (?)", (Object)
                        TERMINAL.toArray(String[]::new)))
                .isZero();
        assertThatThrownBy(
                        () -> db.execute(
                                "insert into pgflow.transitions values (99, 'task', 'revive', 'FAILED', 'SCHEDULED', 'e', 'c')"))
                .hasMessageContaining("terminal_states_are_final");
    }

    @Test
    void what_has_ended_begins_anew_in_the_next_generation_and_not_otherwise() {
        for (String from : TASK_STATES) {
            UUID run = taskIn(from);
            String where = " where run_id = '" + run + "'";
            assertRefused("update pgflow.tasks set state = 'PENDING', generation = 3" + where);
            assertRefused("update pgflow.tasks set state = 'RUNNING', worker_id = 1, generation = 2" + where);
            assertRefused("update pgflow.tasks set generation = 0" + where);
            String restart = "update pgflow.tasks set state = 'PENDING', worker_id = null, generation = 2" + where;
            if (TERMINAL.contains(from)) {
                db.execute(restart);
            } else {
                assertRefused(restart);
            }
            tidy(run);
        }
    }

    private void moved() {
        db.row("select * from pgflow.move_run(?, 1, 'ada', null)", db.start("moving"));
    }

    /** Two starts with a key, the second of which takes the place of the first. */
    private void replaced() {
        for (int start = 0; start < 2; start++) {
            db.row("select * from pgflow.start_once(gen_random_uuid(), (select max(workflow_id) from pgflow.workflows"
                    + " where name = 'chain'), '1', null, 2::smallint, 'ada', 'debounce', 'k', '1 hour', '2 hours')");
        }
    }

    private void unmet() {
        db.start("branch");
        db.settle();
    }

    private long taken(String name) {
        return db.count(
                "select count(*) from pgflow.events join pgflow.transitions using (transition) where name = ?", name);
    }

    private Set<String> moves(String subject) {
        return new HashSet<>(db.texts(
                "select from_state || '>' || to_state from pgflow.transitions where subject = ? and from_state is not null",
                subject));
    }

    private void assertRefused(String update) {
        assertThatThrownBy(() -> db.execute(update))
                .as(update)
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF005"));
    }

    /** A run of one task that is in that state; where no path leads to a task in it alone, the guards are switched off to put it there. */
    private UUID taskIn(String state) {
        db.define("single", "a");
        UUID run = db.start("single");
        force("tasks", "state = '" + state + "', worker_id = " + (state.equals("RUNNING") ? "1" : "null"), run);
        return run;
    }

    private UUID runIn(String state) {
        db.define("single", "a");
        UUID run = db.start("single");
        boolean ended = TERMINAL.contains(state);
        force("runs", "state = '" + state + "', remaining_sinks = 0, ended_at = " + (ended ? "now()" : "null"), run);
        return run;
    }

    private void force(String table, String change, UUID run) {
        db.execute("alter table pgflow." + table + " disable trigger all");
        db.execute("update pgflow." + table + " set " + change + " where run_id = '" + run + "'");
        db.execute("alter table pgflow." + table + " enable trigger all");
    }

    private void tidy(UUID run) {
        for (String table : List.of("audit", "tasks", "runs")) {
            db.execute("delete from pgflow." + table + " where run_id = '" + run + "'");
        }
        db.execute("delete from pgmq.q_pgf2_default");
    }

    private long claimed(String workflow) {
        db.start(workflow);
        long worker = db.worker();
        db.claimOne(worker);
        return worker;
    }

    private void reused() {
        db.execute(
                "insert into pgflow.cached_outputs values ('cache', pgflow._key_hash('1'), '1', '2', gen_random_uuid(), now(),"
                        + " now() + interval '1 hour')");
        long worker = claimed("chain");
        Row held = db.row("select * from pgflow.tasks where state = 'RUNNING' and worker_id is not null");
        Claim claim = new Claim(
                held.uuid("run_id"),
                held.integer("step"),
                held.integer("item"),
                held.integer("fence"),
                1,
                null,
                null,
                "");
        db.reuse(worker, List.of(claim), "cache", "1");
    }

    private UUID completed(String workflow) {
        UUID run = db.start(workflow);
        long worker = db.worker();
        db.complete(worker, db.claimOne(worker));
        return run;
    }

    private UUID retrying(String workflow) {
        UUID run = db.start(workflow);
        long worker = db.worker();
        db.fail(worker, db.claimOne(worker));
        return run;
    }

    private UUID failed(String workflow) {
        UUID run = db.start(workflow);
        long worker = db.worker();
        db.failForGood(worker, db.claimOne(worker));
        return run;
    }

    /** The first item waits for its retry when the deadline comes, the second one for a worker, the third one for its turn. */
    private void late(String workflow, String items) {
        db.start(workflow, items);
        db.settle();
        long worker = db.worker();
        db.fail(worker, db.claimOne(worker));
        db.clock("20 minutes");
        db.row("select * from pgflow.fire_deadlines()");
        db.settle();
    }

    private void lost(String workflow, int times) {
        db.start(workflow);
        for (int i = 1; i <= times; i++) {
            db.clock(i * 20 + " seconds");
            db.claimOne(db.worker());
            db.clock(i * 20 + 15 + " seconds");
            db.expire();
        }
    }

    private void cancelAll() {
        List<UUID> runs = new ArrayList<>();
        db.texts("select run_id from pgflow.runs where ended_at is null").forEach(id -> runs.add(UUID.fromString(id)));
        runs.forEach(db::cancel);
    }
}
