package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a process is told that asks for its worker, too, whether anything is due. */
class UpkeepTest extends Specification {

    @BeforeEach
    void define_a_workflow() {
        db.define("single", "work");
    }

    @Test
    void a_worker_is_told_that_a_task_waits_until_it_is_claimed() {
        long worker = db.worker();
        assertThat(workWaits(db, worker)).isFalse();

        db.start("single");
        assertThat(workWaits(db, worker)).isTrue();

        db.drain(worker);
        assertThat(workWaits(db, worker)).isFalse();
    }

    @Test
    void a_task_of_any_priority_waits() {
        long worker = db.worker();

        db.row("select pgflow.start_run('single', '1', p_priority => 3)");

        assertThat(workWaits(db, worker)).isTrue();
        db.drain(worker);
    }

    @Test
    void a_parked_task_waits_for_those_who_have_its_handler_and_for_nobody_else() {
        long stranger = db.workerWith("other.work");
        long able = db.workerWith("single.work");
        db.start("single");
        assertThat(db.claim(stranger, 10)).isEmpty();

        assertThat(workWaits(session(), stranger)).isFalse();
        assertThat(workWaits(session(), able)).isTrue();
        db.drain(able);
        assertThat(workWaits(session(), able))
                .as("asked by a session that has not just looked for long")
                .isFalse();
    }

    @Test
    void where_looking_took_long_work_may_wait_and_nobody_looks_for_a_while() {
        long worker = db.worker();
        Session slow = session();
        slow.execute(
                "select pg_catalog.set_config('pgflow.look_' || pgflow._pgmq_queue('default', 2::smallint), '32503680000', false)");

        assertThat(workWaits(slow, worker)).isTrue();
        assertThat(workWaits(db, worker)).isFalse();
    }

    @Test
    void the_question_keeps_a_worker_alive_when_it_is_its_heartbeat() {
        long beating = db.worker();
        long asking = db.worker();
        db.clock("9 seconds");
        assertThat(ask(db, beating, true).truth("alive")).isTrue();
        assertThat(ask(db, asking, false).truth("alive")).isTrue();
        db.clock("18 seconds");

        db.expire();

        assertThat(ask(db, beating, true).truth("alive")).isTrue();
        Row lost = ask(db, asking, true);
        assertThat(lost.truth("alive")).isFalse();
        assertThat(lost.truth("work_waits")).isFalse();
    }

    @Test
    void who_asks_for_no_worker_is_told_what_upkeep_has_to_do() {
        db.worker();
        db.start("single");

        Row due = db.row("select * from pgflow.upkeep_due()");

        assertThat(due.truth("timers")).isFalse();
        assertThat(due.truth("work_waits")).isFalse();
        db.clock("11 seconds");
        assertThat(db.row("select * from pgflow.upkeep_due()").truth("workers")).isTrue();
    }

    private static boolean workWaits(Session session, long worker) {
        return ask(session, worker, false).truth("work_waits");
    }

    private static Row ask(Session session, long worker, boolean beats) {
        return session.row("select * from pgflow.upkeep_due(?, ?)", worker, beats);
    }
}
