package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who holds what another one wants does not wait for that one: where the locks of runs, and then of tasks in their order, are not enough
 * by themselves. Two that wait for each other would end in a deadlock, which every test of a {@link Specification} looks for.
 */
class LockOrderTest extends Specification {

    @Test
    void a_step_that_was_passed_over_is_settled_under_the_lock_of_its_run() {
        db.define("chain", "a -> b -> c");
        UUID run = db.start("chain");
        long worker = db.worker();
        Claim a = db.claimOne(worker);
        db.skip(run, "b");
        db.complete(worker, a);

        Paused<Row> settling =
                pauseAt("settle_steps-counted", session -> session.row("select * from pgflow.settle_steps(100)"));
        Paused<String> cancelling = Paused.blocked(session(), session(), session -> session.cancel(run));
        settling.resume();

        assertThat(cancelling.finish()).isEqualTo("cancelled");
        assertThat(db.states(run)).isEqualTo("CANCELLED: a SUCCEEDED, b SKIPPED, c CANCELLED");
    }

    @Test
    void attempts_that_end_without_a_result_are_locked_run_by_run() {
        db.define("pair", "a, b");
        long worker = db.worker();
        for (int i = 0; i < 10; i++) {
            db.start("pair");
        }
        List<Claim> claims = db.claim(worker, 100);
        UUID first =
                db.row("select run_id from pgflow.runs order by run_id limit 1").uuid("run_id");
        Claim held = claims.stream()
                .filter(claim -> claim.runId().equals(first) && claim.step() == 2)
                .findFirst()
                .orElseThrow();
        List<Claim> behind =
                claims.stream().filter(claim -> !claim.runId().equals(first)).toList();
        Session other = session();
        other.begin();
        lock(other, held);

        Paused<Integer> releasing = Paused.blocked(session(), session(), session -> released(session, worker, claims));
        assertThat(behind).hasSize(18).allMatch(this::isFree);
        other.rollback();

        assertThat(releasing.finish()).isEqualTo(20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"defer", "fail", "release"})
    void a_late_report_locks_no_task_that_has_ended(String how) {
        db.define("pair", "a, b");
        db.start("pair");
        long worker = db.worker();
        List<Claim> claims = db.claim(worker, 2);
        claims.forEach(claim -> new Deferring(db).token(claim));
        Claim ended = claims.get(0);
        db.complete(worker, ended);

        Paused<Object> late =
                pauseAt(how.equals("defer") ? "defer_tasks-locked" : "end_attempts-locked", session -> switch (how) {
                    case "defer" -> new Deferring(session).handOver(worker, claims.toArray(Claim[]::new));
                    case "fail" -> session.fail(worker, claims, List.of(false, false), null);
                    default -> released(session, worker, claims);
                });

        assertThat(isFree(ended)).isTrue();
        late.resume();
        assertThat(db.texts("select state from pgflow.tasks order by step"))
                .first()
                .isEqualTo("SUCCEEDED");
    }

    @Test
    void who_begins_a_run_anew_does_not_wait_for_who_is_telling_its_failure() {
        UUID parent = parent();
        long worker = db.worker();
        Claim work = db.claimOne(worker);
        db.failForGood(worker, work);
        Paused<Row> telling = telling();

        Paused<Row> retrying = Paused.begun(
                session(),
                session(),
                session -> session.row("select * from pgflow.retry_runs(?, 'ada', 'mended')", (Object)
                        new UUID[] {parent, work.runId()}));
        retrying.finish();
        telling.resume();

        assertThat(db.states(work.runId())).isEqualTo("RUNNING: work SCHEDULED");
        assertThat(db.states(parent)).isEqualTo("RUNNING: sub RETRYING");
    }

    @Test
    void two_that_settle_at_the_same_time_tell_a_step_once_how_its_run_ended() {
        UUID parent = parent();
        long worker = db.worker();
        db.complete(worker, db.claimOne(worker));
        Paused<Row> telling = telling();

        db.settle();
        telling.resume();

        assertThat(db.history(parent)).containsOnlyOnce("sub complete");
        assertThat(db.states(parent)).isEqualTo("SUCCEEDED: sub SUCCEEDED");
    }

    @Test
    void who_tells_a_run_how_one_that_it_started_ended_waits_for_its_cancellation() {
        UUID parent = parent();
        long worker = db.worker();
        db.complete(worker, db.claimOne(worker));
        Paused<String> cancelling = pauseAt("cancel_runs-locked", session -> session.cancel(parent));

        Paused<Row> telling =
                Paused.blocked(session(), session(), session -> session.row("select * from pgflow.settle_steps(100)"));
        cancelling.resume();
        telling.finish();
        db.settle();

        assertThat(db.states(parent)).isEqualTo("CANCELLED: sub CANCELLED");
    }

    @Test
    void what_is_told_of_a_run_is_what_it_was_when_somebody_began_to_tell_it() {
        UUID parent = parent();
        long worker = db.worker();
        Claim work = db.claimOne(worker);
        db.complete(worker, work, "7");
        Paused<Row> telling = telling();

        assertThat(db.rerun(work.runId(), "work")).isEqualTo("rerun");
        telling.resume();

        assertThat(db.output(parent, "sub")).isEqualTo("7");
        assertThat(db.states(work.runId())).isEqualTo("RUNNING: work SCHEDULED");
    }

    @Test
    void nothing_is_told_of_a_run_that_began_anew_while_somebody_told_its_end_in_vain() {
        UUID parent = parent();
        long worker = db.worker();
        Claim work = db.claimOne(worker);
        db.failForGood(worker, work);
        Session teller = session();
        teller.begin();
        teller.row("select * from pgflow.settle_steps(100)");
        db.retry(work.runId());
        teller.rollback();

        db.settle();
        assertThat(db.states(parent)).isEqualTo("RUNNING: sub RUNNING");
        db.complete(worker, db.claimOne(worker), "7");
        db.settle();
        assertThat(db.states(parent)).isEqualTo("SUCCEEDED: sub SUCCEEDED");
    }

    @Test
    void who_removes_a_run_does_not_wait_for_who_is_telling_it_something() {
        UUID parent = parent();
        long worker = db.worker();
        db.complete(worker, db.claimOne(worker));
        db.cancel(parent);
        Paused<Row> telling = telling();

        Paused<Integer> removing = Paused.begun(session(), session(), session -> prune(session, "CANCELLED"));

        assertThat(removing.finish()).isEqualTo(1);
        telling.resume();
        db.settle();
        assertThat(db.count("select count(*) from pgflow.unsettled_sub_runs")).isZero();
    }

    @Test
    void who_removes_a_run_and_who_removes_one_that_it_started_do_not_wait_for_each_other() {
        UUID parent = parent();
        long worker = db.worker();
        db.complete(worker, db.claimOne(worker));
        db.cancel(parent);
        db.settle();
        Paused<Integer> one = pauseAt("prune_runs-forgetting", session -> prune(session, "CANCELLED"));

        Paused<Integer> other = Paused.begun(session(), session(), session -> prune(session, "SUCCEEDED"));

        assertThat(other.finish()).isEqualTo(1);
        assertThat(one.resume()).isEqualTo(1);
        assertThat(db.count("select (select count(*) from pgflow.sub_runs) + (select count(*) from pgflow.runs)"))
                .isZero();
    }

    @Test
    void a_late_report_about_a_run_that_is_being_removed_holds_nobody_up() {
        db.define("single", "work");
        UUID run = db.start("single");
        long worker = db.worker();
        Claim claim = db.claimOne(worker);
        new Deferring(db).token(claim);
        db.cancel(run);
        Paused<Integer> removing = pauseAt("prune_runs-forgetting", session -> prune(session, "CANCELLED"));

        Paused<Boolean> late =
                Paused.begun(session(), session(), session -> new Deferring(session).handOver(worker, claim));

        assertThat(removing.resume()).isEqualTo(1);
        assertThat(late.finish()).isFalse();
    }

    /** A run that waits for another one, which has one task. */
    private UUID parent() {
        db.defineJson(
                "{\"name\": \"child\", \"returns\": \"work\", \"steps\": [{\"name\": \"work\", \"handler\": \"child.work\","
                        + " \"maxAttempts\": 1}]}");
        db.defineJson("{\"name\": \"parent\", \"steps\": [{\"name\": \"sub\", \"workflow\": \"child\"}]}");
        UUID parent = db.start("parent");
        db.settle();
        return parent;
    }

    /** Somebody has taken up what is to be told to a step that started a run, and has not begun to tell it. */
    private Paused<Row> telling() {
        return pauseAt("settle_sub_runs-taken", session -> session.row("select * from pgflow.settle_steps(100)"));
    }

    private static int prune(Session session, String state) {
        return session.row("select pruned from pgflow.prune_runs(array[?::text], '-1 second')", state)
                .integer("pruned");
    }

    private static int released(Session session, long worker, List<Claim> claims) {
        return session.row(
                        "select released from pgflow.release_tasks(?, ?, ?, ?, ?)",
                        worker,
                        Session.ids(claims),
                        Session.steps(claims),
                        Session.items(claims),
                        Session.fences(claims))
                .integer("released");
    }

    private static void lock(Session session, Claim claim) {
        assertThat(locked(session, claim, "")).hasSize(1);
    }

    private boolean isFree(Claim claim) {
        return locked(db, claim, "skip locked").size() == 1;
    }

    private static List<String> locked(Session session, Claim claim, String orElse) {
        return session.texts(
                "select run_id from pgflow.tasks where run_id = ? and step = ? and item = ? for no key update "
                        + orElse,
                claim.runId(),
                claim.step(),
                claim.item());
    }
}
