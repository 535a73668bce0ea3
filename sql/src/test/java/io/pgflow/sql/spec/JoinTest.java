package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JoinTest extends Specification {
    @Test
    void a_step_is_scheduled_when_its_last_parent_succeeds() {
        db.define("diamond", "root -> left, right; left, right -> join");
        long worker = db.worker();
        UUID run = db.start("diamond");

        db.complete(worker, db.claimOne(worker));
        assertThat(db.states(run)).isEqualTo("RUNNING: root SUCCEEDED, left SCHEDULED, right SCHEDULED, join PENDING");

        List<Claim> sides = db.claim(worker, 10);
        db.complete(worker, sides.get(0));
        assertThat(db.states(run)).endsWith("join PENDING");
        db.complete(worker, sides.get(1));
        assertThat(db.states(run)).endsWith("join SCHEDULED");

        Claim join = db.claimOne(worker);
        assertThat(join.outputs()).isEqualTo("{\"left\": \"left\", \"right\": \"right\"}");
        assertThat(db.complete(worker, join).endedRuns()).containsExactly(run);
        assertThat(db.states(run))
                .isEqualTo("SUCCEEDED: root SUCCEEDED, left SUCCEEDED, right SUCCEEDED, join SUCCEEDED");
    }

    @Test
    void parents_that_end_in_one_report_fire_the_join_once() {
        db.define("wide", "a, b, c, d, e, f, g, h -> join");
        long worker = db.worker();
        UUID run = db.start("wide");

        db.complete(worker, db.claim(worker, 10), "1");

        assertThat(db.history(run)).containsOnlyOnce("join schedule");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    /** Each order in which two last parents can pass the points at which their transactions take locks. */
    @ParameterizedTest
    @ValueSource(strings = {"complete_tasks-runs-locked", "complete_tasks-tasks-locked", "resolve_dependents-locked"})
    void two_last_parents_that_end_at_the_same_time_fire_the_join_exactly_once(String point) {
        db.define("pair", "left, right -> join");
        long worker = db.worker();
        UUID run = db.start("pair");
        List<Claim> sides = db.claim(worker, 10);

        Paused<Report> first = pauseAt(point, session -> session.complete(worker, sides.get(0)));
        if (point.equals("resolve_dependents-locked")) {
            Paused<Report> second = Paused.blocked(session(), session(), s -> s.complete(worker, sides.get(1)));
            first.resume();
            assertThat(second.finish().wokenQueues()).containsExactly("default");
        } else {
            Report second = session().complete(worker, sides.get(1));
            assertThat(second.wokenQueues()).isEmpty();
            assertThat(first.resume().wokenQueues()).containsExactly("default");
        }

        assertThat(db.history(run)).containsOnlyOnce("join schedule");
        assertThat(db.states(run)).endsWith("join SCHEDULED");
    }

    /** One of them stands still where its transaction has taken locks, and the two others come after it in both orders. */
    @ParameterizedTest(name = "{0} at {1}, then {2}, then {3}")
    @CsvSource(textBlock = """
                    left, complete_tasks-runs-locked, right, cancel
                    left, complete_tasks-runs-locked, cancel, right
                    left, complete_tasks-tasks-locked, right, cancel
                    left, complete_tasks-tasks-locked, cancel, right
                    left, resolve_dependents-locked, right, cancel
                    left, resolve_dependents-locked, cancel, right
                    cancel, cancel_runs-locked, left, right
                    """)
    void two_last_parents_and_a_cancellation_at_the_same_time_leave_nothing_that_goes_on(
            String first, String point, String second, String third) {
        db.define("pair", "left, right -> join");
        long worker = db.worker();
        UUID run = db.start("pair");
        Map<String, Paused.Call<?>> calls = new HashMap<>();
        calls.put("cancel", session -> session.cancel(run));
        db.claim(worker, 10).forEach(side -> calls.put(side.name(), session -> session.complete(worker, side)));

        Paused<?> standing = pauseAt(point, calls.get(first));
        Paused<?> next = Paused.begun(session(), session(), calls.get(second));
        Paused<?> last = Paused.begun(session(), session(), calls.get(third));
        standing.resume();
        next.finish();
        last.finish();

        assertThat(db.history(run))
                .containsOnlyOnce("cancel_run", "join " + (scheduled(run) ? "cancel_scheduled" : "cancel_pending"));
        assertThat(db.states(run)).startsWith("CANCELLED: left ").endsWith("join CANCELLED");
        assertThat(db.claim(worker, 10)).isEmpty();
    }

    private boolean scheduled(UUID run) {
        return db.history(run).contains("join schedule");
    }

    @Test
    void a_join_that_looked_before_it_locked_would_be_caught_here() {
        db.define("pair", "left, right -> join");
        long worker = db.worker();
        UUID run = db.start("pair");
        List<Claim> sides = db.claim(worker, 10);
        db.execute("""
                create or replace function pgflow._resolve_dependents(
                    p_run_ids uuid[], p_steps smallint[], p_items int[], p_workflow_ids bigint[], p_now timestamptz,
                    out woken_queues text[], out to_settle boolean)
                language plpgsql as $$
                begin
                    to_settle := false;
                    if not exists (select from pgflow.tasks t where t.run_id = p_run_ids[1] and t.step < 3
                                   and t.state <> 'SUCCEEDED') then
                        woken_queues := pgflow._schedule(p_run_ids, array[3::smallint], array[0], 3::smallint, p_now);
                    end if;
                    perform test.pp('naive-looked');
                end;
                $$
                """);

        Paused<Report> first = pauseAt("naive-looked", session -> session.complete(worker, sides.get(0)));
        session().complete(worker, sides.get(1));
        first.resume();

        assertThat(db.states(run)).endsWith("join PENDING");
        assertThat(db.texts("select distinct invariant from pgflow.verify() order by 1"))
                .contains("I9");
        db.cancel(run);
    }
}
