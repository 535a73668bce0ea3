package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CancelTest extends Specification {
    @Test
    void cancelling_ends_tasks_in_every_state_and_takes_their_messages_and_timers() {
        db.define("busy", "running, retrying, done, scheduled; done -> pending; done -> items*");
        long worker = db.worker();
        UUID run = db.start("busy");
        List<Claim> claims = db.claim(worker, 3);
        db.fail(worker, claims.get(1));
        db.complete(worker, claims.get(2), "[1, 2]");
        assertThat(db.states(run))
                .isEqualTo("RUNNING: running RUNNING, retrying RETRYING, done SUCCEEDED, scheduled SCHEDULED,"
                        + " pending SCHEDULED, items RUNNING, items[1] SCHEDULED, items[2] SCHEDULED");

        assertThat(db.cancel(run)).isEqualTo("cancelled");

        assertThat(db.states(run))
                .isEqualTo("CANCELLED: running CANCELLED, retrying CANCELLED, done SUCCEEDED, scheduled CANCELLED,"
                        + " pending CANCELLED, items CANCELLED, items[1] CANCELLED, items[2] CANCELLED");
        assertThat(db.count("select count(*) from pgmq.q_pgf2_default")).isZero();
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
        assertThat(db.complete(worker, claims.get(0)).positions()).containsExactly(1);
    }

    @Test
    void the_audit_says_who_cancelled_and_why() {
        db.define("single", "work");
        UUID run = db.start("single");

        db.cancel(run);

        assertThat(db.texts(
                        "select actor || ': ' || (detail ->> 'reason') from pgflow.run_events(?) where actor is not null",
                        run))
                .containsExactly("ada: enough", "ada: enough");
    }

    @Test
    void a_delayed_run_can_be_cancelled_before_it_begins() {
        db.define("chain", "a -> b");
        UUID run = db.startDelayed("chain", "1 hour");

        db.cancel(run);

        assertThat(db.states(run)).isEqualTo("CANCELLED: a CANCELLED, b CANCELLED");
        db.clock("2 hours");
        assertThat(db.fire()).isZero();
    }

    @Test
    void cancelling_again_or_too_late_or_nothing_says_so() {
        db.define("single", "work");
        long worker = db.worker();
        UUID run = db.start("single");
        UUID done = db.start("single");
        db.cancel(run);
        db.drain(worker);

        assertThat(db.cancel(run)).isEqualTo("already cancelled");
        assertThat(db.history(run)).containsOnlyOnce("cancel_run");
        assertThat(db.cancel(done)).isEqualTo("succeeded");
        assertThat(db.cancel(UUID.randomUUID())).isEqualTo("unknown");
    }

    @Test
    void a_report_that_comes_while_the_run_is_being_cancelled_waits_and_is_stale() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID run = db.start("chain");
        Claim claim = db.claimOne(worker);

        Paused<String> cancelling = pauseAt("cancel_runs-locked", session -> session.cancel(run));
        Paused<Report> completing = Paused.blocked(session(), session(), s -> s.complete(worker, claim));
        cancelling.resume();

        assertThat(completing.finish().positions()).containsExactly(1);
        assertThat(db.states(run)).isEqualTo("CANCELLED: a CANCELLED, b CANCELLED");
    }

    @Test
    void a_cancellation_that_comes_while_a_report_is_being_written_keeps_the_report() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID run = db.start("chain");
        Claim claim = db.claimOne(worker);

        Paused<Report> completing = pauseAt("complete_tasks-tasks-locked", session -> session.complete(worker, claim));
        Paused<String> cancelling = Paused.blocked(session(), session(), s -> s.cancel(run));
        completing.resume();

        assertThat(cancelling.finish()).isEqualTo("cancelled");
        assertThat(db.states(run)).isEqualTo("CANCELLED: a SUCCEEDED, b CANCELLED");
    }

    @Test
    void a_cancellation_that_meets_a_claim_half_way_does_not_deadlock() {
        db.define("single", "work");
        long worker = db.worker();
        UUID run = db.start("single");

        Paused<String> cancelling = pauseAt("cancel_runs-locked", session -> session.cancel(run));
        List<Claim> claims = session().claim(worker, 1);

        assertThat(claims).isEmpty();
        cancelling.resume();
        assertThat(db.states(run)).isEqualTo("CANCELLED: work CANCELLED");
    }

    @Test
    void a_task_that_a_claim_passed_over_because_it_was_locked_can_be_claimed_at_once_when_the_lock_goes() {
        db.define("single", "work");
        long worker = db.worker();
        db.start("single");
        Session other = session();
        other.begin();
        other.rows("select 1 from pgflow.tasks for no key update");

        assertThat(db.claim(worker, 1)).isEmpty();
        other.rollback();

        assertThat(db.claim(worker, 1)).hasSize(1);
    }

    @Test
    void cancelling_while_a_map_opens_cancels_its_items_too() {
        db.define("spread", "list -> items*");
        long worker = db.worker();
        UUID run = db.start("spread");
        Claim list = db.claimOne(worker);

        Paused<Report> opening = pauseAt("complete_tasks-tasks-locked", s -> s.complete(worker, list, "[1, 2, 3]"));
        Paused<String> cancelling = Paused.blocked(session(), session(), s -> s.cancel(run));
        opening.resume();
        cancelling.finish();

        assertThat(db.states(run))
                .isEqualTo("CANCELLED: list SUCCEEDED, items CANCELLED, items[1] CANCELLED, items[2] CANCELLED,"
                        + " items[3] CANCELLED");
    }

    /** Items that are claimed between the locks of a cancellation and its writes would get a wrong event, or refuse it. */
    @Test
    void items_that_appear_while_a_cancellation_takes_its_locks_cannot_be_claimed_under_it() {
        db.define("spread", "list -> items*");
        long worker = db.worker();
        UUID run = db.start("spread");
        Claim list = db.claimOne(worker);
        Paused<Report> opening = pauseAt("complete_tasks-tasks-locked", s -> s.complete(worker, list, "[1, 2, 3]"));
        Paused<String> cancelling = Paused.blocked(session(), session(), s -> {
            s.execute("set test.pause_at = 'cancel_runs-locked'");
            return s.cancel(run);
        });
        Session gate = session();
        int pid = (int)
                db.count(
                        "select pid from pg_stat_activity where wait_event_type = 'Lock' and wait_event <> 'advisory' and datname = current_database()");
        gate.row("select pg_advisory_lock(77, ?)", pid);
        opening.resume();
        db.awaitAdvisoryWait(pid);

        assertThat(db.claim(worker, 10)).isEmpty();

        gate.row("select pg_advisory_unlock(77, ?)", pid);
        assertThat(cancelling.finish()).isEqualTo("cancelled");
        assertThat(db.states(run)).startsWith("CANCELLED");
    }
}
