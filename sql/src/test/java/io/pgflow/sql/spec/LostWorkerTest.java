package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LostWorkerTest extends Specification {
    private UUID run;

    @BeforeEach
    void start_one_run() {
        db.define("single", "work");
        run = db.start("single");
    }

    @Test
    void tasks_of_a_silent_worker_are_handed_on() {
        long silent = db.worker();
        db.claimOne(silent);
        db.clock("11 seconds");
        long living = db.worker();

        db.expire();

        Claim again = db.claimOne(living);
        assertThat(again.fence()).isEqualTo(2);
        assertThat(again.attempt()).isEqualTo(2);
        db.complete(living, again);
        assertThat(db.history(run))
                .containsExactly(
                        "start",
                        "work enqueue",
                        "work claim",
                        "work lose",
                        "work reschedule",
                        "work claim",
                        "work complete",
                        "succeed");
    }

    @Test
    void a_worker_that_beats_its_heart_keeps_its_tasks() {
        long worker = db.worker();
        Claim held = db.claimOne(worker);
        db.clock("9 seconds");
        assertThat(db.heartbeat(worker, List.of(held)).truth("alive")).isTrue();
        db.clock("18 seconds");

        db.expire();

        assertThat(db.heartbeat(worker, List.of(held)).list("lost", Integer.class))
                .isEmpty();
        assertThat(db.states(run)).endsWith("work RUNNING");
    }

    @Test
    void a_heartbeat_names_the_tasks_that_were_taken_away() {
        long worker = db.worker();
        Claim held = db.claimOne(worker);
        db.cancel(run);

        assertThat(db.heartbeat(worker, List.of(held)).list("lost", Integer.class))
                .containsExactly(1);
    }

    @Test
    void a_task_that_loses_three_workers_fails_and_its_run_with_it() {
        for (int lost = 1; lost <= 3; lost++) {
            db.clock(20 * lost + " seconds");
            db.claimOne(db.worker());
            db.clock(20 * lost + 11 + " seconds");
            db.expire();
        }

        assertThat(db.states(run)).isEqualTo("FAILED: work FAILED");
        assertThat(db.history(run)).contains("work poison", "fail_run");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-RUN-020");
    }

    @Test
    void a_worker_that_was_declared_lost_cannot_claim_and_a_stranger_cannot_either() {
        long worker = db.worker();
        db.clock("11 seconds");
        db.expire();

        for (long nobody : new long[] {worker, 999_999}) {
            assertThatThrownBy(() -> db.claim(nobody, 1))
                    .isInstanceOfSatisfying(
                            SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF006"));
        }
    }

    @Test
    void a_claim_that_races_with_expiry_strands_no_task() {
        long silent = db.worker();
        db.clock("11 seconds");
        Paused<List<Claim>> claiming = pauseAt("claim_tasks-read", session -> session.claim(silent, 1));

        db.expire();
        assertThat(claiming.resume()).hasSize(1);
        db.expire();

        assertThat(db.states(run)).endsWith("work SCHEDULED");
        assertThat(db.claim(db.worker(), 1)).hasSize(1);
    }

    @Test
    void a_claim_that_races_with_retirement_strands_no_task() {
        long worker = db.worker();
        Paused<List<Claim>> claiming = pauseAt("claim_tasks-read", session -> session.claim(worker, 1));

        Paused<Row> retiring =
                Paused.blocked(session(), session(), s -> s.row("select * from pgflow.retire_worker(?)", worker));
        claiming.resume();

        assertThat(retiring.finish().integer("released")).isEqualTo(1);
        assertThat(db.claim(db.worker(), 1)).hasSize(1);
    }

    @Test
    void claims_whose_answer_was_lost_are_recovered_even_while_they_are_still_on_the_way() {
        long worker = db.worker();
        Paused<List<Claim>> claiming = pauseAt("claim_tasks-read", session -> session.claim(worker, 1));

        Paused<Row> recovering = Paused.blocked(session(), session(), s -> recover(s, worker, List.of()));
        claiming.resume();

        assertThat(recovering.finish().integer("released")).isEqualTo(1);
        assertThat(db.claimOne(worker).fence()).isEqualTo(2);
    }

    @Test
    void tasks_that_the_worker_knows_are_not_recovered() {
        db.start("single");
        long worker = db.worker();
        List<Claim> known = db.claim(worker, 1);
        db.claim(worker, 1);

        assertThat(recover(db, worker, known).integer("released")).isEqualTo(1);

        assertThat(db.count(
                        "select count(*) from pgflow.tasks where state = 'RUNNING' and run_id = ?",
                        known.get(0).runId()))
                .isEqualTo(1);
    }

    @Test
    void a_worker_that_retires_hands_back_what_it_holds_and_the_attempt_does_not_count() {
        db.define("once", "work(maxAttempts 1)");
        UUID once = db.start("once");
        long worker = db.worker();
        db.claim(worker, 10);

        assertThat(db.row("select * from pgflow.retire_worker(?)", worker).integer("released"))
                .isEqualTo(2);

        long next = db.worker();
        db.drain(next);
        assertThat(db.states(once)).isEqualTo("SUCCEEDED: work SUCCEEDED");
        assertThatThrownBy(() -> db.claim(worker, 1)).hasMessageContaining("was declared lost");
    }

    @Test
    void a_worker_claims_only_from_queues_that_it_registered_for() {
        long worker = db.worker();

        assertThatThrownBy(() -> db.claim(worker, "elsewhere", 1))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF004"));
    }

    @Test
    void a_task_without_a_handler_here_stays_scheduled_and_waits_for_a_worker_that_has_it() {
        long stranger = db.workerWith("other.work");

        assertThat(db.claim(stranger, 10)).isEmpty();

        assertThat(db.states(run)).endsWith("work SCHEDULED");
        assertThat(db.texts("select handler from pgflow.unserved_tasks")).containsExactly("single.work");
        assertThat(isUnserved(run)).isTrue();
        long friend = db.workerWith("single.work");
        assertThat(db.texts("select * from pgflow.unserved_tasks")).isEmpty();
        assertThat(isUnserved(run)).isFalse();
        db.complete(friend, db.claimOne(friend));
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: work SUCCEEDED");
    }

    @Test
    void a_task_that_somebody_held_when_a_claim_met_it_is_not_shown_as_unserved() {
        long worker = db.workerWith("single.work");
        Session holder = session();
        holder.begin();
        holder.row("select from pgflow.tasks where run_id = ? for update", run);

        assertThat(db.claim(worker, 1)).isEmpty();

        assertThat(db.texts("select handler from pgflow.parked_tasks")).containsExactly("single.work");
        assertThat(db.texts("select * from pgflow.unserved_tasks")).isEmpty();
        assertThat(isUnserved(run)).isFalse();
        holder.rollback();
        assertThat(db.claim(worker, 1)).hasSize(1);
    }

    @Test
    void a_parked_task_is_shown_as_unserved_again_when_the_last_worker_that_could_run_it_has_left() {
        db.claim(db.workerWith("other.work"), 1);
        long friend = db.workerWith("single.work");
        assertThat(db.texts("select * from pgflow.unserved_tasks")).isEmpty();

        db.row("select * from pgflow.retire_worker(?)", friend);

        assertThat(db.texts("select handler from pgflow.unserved_tasks")).containsExactly("single.work");
        assertThat(isUnserved(run)).isTrue();
    }

    @Test
    void a_task_that_is_cancelled_while_a_worker_parks_it_is_not_shown_as_unserved() {
        long stranger = db.workerWith("other.work");
        Paused<List<Claim>> parking = pauseAt("claim_tasks-parked", session -> session.claim(stranger, 1));
        Paused<String> cancelling = Paused.blocked(session(), session(), s -> s.cancel(run));

        parking.resume();
        cancelling.finish();

        assertThat(db.states(run)).isEqualTo("CANCELLED: work CANCELLED");
        assertThat(db.texts("select * from pgflow.unserved_tasks")).isEmpty();
    }

    @Test
    void messages_that_are_not_ours_are_archived_and_harm_nobody() {
        String[] garbage = {
            "null",
            "7",
            "\"text\"",
            "[]",
            "{}",
            "{\"run_id\": \"nonsense\", \"step\": 1, \"item\": 0}",
            "{\"run_id\": \"" + run + "\", \"step\": \"x\", \"item\": 0}",
            "{\"run_id\": \"" + run + "\", \"step\": 99999, \"item\": 0}",
            "{\"run_id\": null, \"step\": 1, \"item\": {}}"
        };
        for (String message : garbage) {
            db.row("select pgmq.send('pgf2_default', ?::jsonb)", message);
        }
        long worker = db.worker();

        assertThat(db.claim(worker, 100)).hasSize(1);

        assertThat(db.count("select count(*) from pgmq.a_pgf2_default")).isEqualTo(garbage.length);
        assertThat(db.count("select count(*) from pgmq.q_pgf2_default")).isZero();
    }

    @Test
    void a_message_that_names_no_task_or_an_old_message_of_one_is_removed() {
        db.row(
                "select pgmq.send('pgf2_default', '{\"run_id\": \"00000000-0000-0000-0000-000000000000\", \"step\": 1, \"item\": 0}')");
        db.row("select pgmq.send('pgf2_default', ?::jsonb)", "{\"run_id\": \"" + run + "\", \"step\": 1, \"item\": 0}");
        long worker = db.worker();

        assertThat(db.claim(worker, 100)).hasSize(1);

        assertThat(db.count("select count(*) from pgmq.q_pgf2_default")).isZero();
    }

    @Test
    void a_heartbeat_keeps_the_notes_of_what_still_runs_and_forgets_the_others() {
        UUID other = db.start("single");
        long worker = db.worker();
        List<Claim> claims = db.claim(worker, 2);
        Claim kept = claims.stream()
                .filter(claim -> claim.runId().equals(other))
                .findFirst()
                .orElseThrow();
        claims.stream()
                .filter(claim -> !claim.runId().equals(other))
                .forEach(claim -> db.complete(worker, List.of(claim), "1"));

        db.heartbeat(worker, List.of(kept));

        assertThat(db.texts("select n::text from pgflow.claims c, unnest(c.run_ids) n"))
                .containsExactly(other.toString());
        db.row("select * from pgflow.retire_worker(?)", worker);
        assertThat(db.states(other)).contains("SCHEDULED");
        assertThat(db.count("select count(*) from pgflow.claims")).isZero();
    }

    @Test
    void a_task_whose_row_is_held_when_it_is_claimed_is_not_forgotten() {
        long worker = db.worker();
        Session holder = session();
        holder.begin();
        holder.row("select 1 from pgflow.tasks where run_id = ? for update", run);

        assertThat(db.claim(worker, 10)).isEmpty();
        holder.rollback();

        assertThat(db.claim(worker, 10)).hasSize(1);
    }

    @Test
    void a_message_that_turns_up_late_below_those_that_were_taken_is_taken_too() {
        long worker = db.worker();
        Session late = session();
        late.begin();
        UUID lateRun = late.start("single");
        db.start("single");
        assertThat(db.claim(worker, 10)).hasSize(2);
        assertThat(db.claim(worker, 10)).isEmpty();
        late.commit();

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(db.claim(worker, 10))
                        .extracting(Claim::runId)
                        .containsExactly(lateRun));
    }

    private static Row recover(Session session, long worker, List<Claim> known) {
        return session.row(
                "select * from pgflow.recover_claims(?, ?, ?, ?)",
                worker,
                Session.ids(known),
                Session.steps(known),
                Session.items(known));
    }

    private boolean isUnserved(UUID id) {
        return db.row("select unserved from pgflow.run_tasks(?, null, null, 10)", id)
                .truth("unserved");
    }
}
