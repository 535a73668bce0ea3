package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** I17: what the handler of a task wrote in the transaction that completes the task is there once if the task succeeded, else never. */
class TransactionalStepTest extends Specification {
    private UUID run;
    private long worker;
    private Claim claim;
    private Session handler;

    @BeforeEach
    void a_worker_has_claimed_a_task() {
        db.execute("create table ledger (entry text)");
        db.define("books", "book(maxAttempts 3, retryDelay PT0S) -> report");
        run = db.start("books");
        worker = db.worker();
        claim = db.claimOne(worker);
        handler = session();
    }

    @Test
    void what_the_handler_wrote_and_the_completion_of_its_task_are_one_transaction() {
        handler.begin();
        assertThat(handler.openTransaction(claim)).isTrue();
        handler.execute("insert into ledger values ('booked')");
        assertThat(handler.completeInTransaction(worker, claim, "1").positions())
                .isEmpty();
        assertThat(db.states(run)).isEqualTo("RUNNING: book RUNNING, report PENDING");
        assertThat(ledger()).isZero();

        handler.commit();

        assertThat(db.states(run)).isEqualTo("RUNNING: book SUCCEEDED, report SCHEDULED");
        assertThat(ledger()).isOne();
    }

    @Test
    void a_transaction_that_is_rolled_back_neither_wrote_nor_completed() {
        handler.begin();
        handler.openTransaction(claim);
        handler.execute("insert into ledger values ('booked')");
        handler.completeInTransaction(worker, claim, "1");
        handler.rollback();

        assertThat(db.states(run)).isEqualTo("RUNNING: book RUNNING, report PENDING");
        assertThat(ledger()).isZero();
        db.fail(worker, claim);
        assertThat(db.history(run)).contains("book retry");
    }

    @Test
    void of_two_workers_that_write_for_one_task_the_one_with_the_newer_fence_is_heard() {
        handler.begin();
        handler.openTransaction(claim);
        handler.execute("insert into ledger values ('first')");
        db.clock("11 seconds");
        long second = db.worker();
        db.expire();
        Claim again = db.claimOne(second);
        Session other = session();
        other.begin();
        assertThat(other.openTransaction(again)).isTrue();
        other.execute("insert into ledger values ('second')");

        assertThat(handler.completeInTransaction(worker, claim, "1").positions())
                .containsExactly(1);
        handler.rollback();
        other.completeInTransaction(second, again, "2");
        other.commit();

        assertThat(db.texts("select entry from ledger")).containsExactly("second");
        assertThat(db.output(run, "book")).isEqualTo("2");
    }

    @Test
    void an_expiry_while_the_completion_commits_waits_for_it_and_finds_the_task_done() {
        handler.begin();
        handler.openTransaction(claim);
        handler.execute("insert into ledger values ('first')");
        handler.completeInTransaction(worker, claim, "1");
        Paused<Integer> expiring = Paused.blocked(session(), session(), session -> {
            session.clock("11 seconds");
            session.expire();
            return 0;
        });

        handler.commit();
        expiring.finish();

        assertThat(db.states(run)).isEqualTo("RUNNING: book SUCCEEDED, report SCHEDULED");
        assertThat(ledger()).isOne();
    }

    @Test
    void a_cancellation_does_not_wait_for_a_handler_that_is_writing_and_nothing_is_written() {
        handler.begin();
        handler.openTransaction(claim);
        handler.execute("insert into ledger values ('booked')");

        assertThat(db.cancel(run)).isEqualTo("cancelled");

        assertThat(handler.completeInTransaction(worker, claim, "1").positions())
                .containsExactly(1);
        handler.rollback();
        assertThat(ledger()).isZero();
    }

    @Test
    void a_completion_that_took_place_before_is_not_taken_for_that_of_this_transaction() {
        db.complete(worker, claim);
        handler.begin();
        handler.openTransaction(claim);

        assertThat(handler.completeInTransaction(worker, claim, "1").positions())
                .containsExactly(1);
        handler.rollback();
    }

    @Test
    void a_transaction_is_not_worth_opening_for_a_task_that_was_taken_away() {
        db.cancel(run);

        handler.begin();
        assertThat(handler.openTransaction(claim)).isFalse();
        handler.rollback();
    }

    @Test
    void a_transaction_that_the_handler_itself_ended_completes_nothing() {
        handler.begin();
        handler.openTransaction(claim);
        handler.commit();
        handler.begin();

        assertThatThrownBy(() -> handler.completeInTransaction(worker, claim, "1"))
                .hasMessageContaining("has been ended by its handler");

        handler.rollback();
        assertThat(db.states(run)).isEqualTo("RUNNING: book RUNNING, report PENDING");
    }

    @Test
    void a_transaction_that_is_not_read_committed_is_refused() {
        handler.execute("begin isolation level repeatable read");

        assertThatThrownBy(() -> handler.openTransaction(claim)).hasMessageContaining("is repeatable read");

        handler.rollback();
    }

    private long ledger() {
        return db.count("select count(*) from ledger");
    }
}
