package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FencingTest extends Specification {
    private UUID run;
    private long stalled;
    private Claim old;

    @BeforeEach
    void a_worker_stalls_with_a_task() {
        db.define("chain", "work -> next");
        run = db.start("chain");
        stalled = db.worker();
        old = db.claimOne(stalled);
        db.clock("11 seconds");
    }

    @Test
    void a_late_success_changes_nothing_and_is_kept() {
        long worker = handOn();
        Claim current = db.claimOne(worker);

        assertThat(db.complete(stalled, old, "\"late\"").positions()).containsExactly(1);

        assertThat(db.states(run)).isEqualTo("RUNNING: work RUNNING, next PENDING");
        assertThat(db.texts("select report || fence || ' ' || worker_id from pgflow.stale_reports"))
                .containsExactly("complete1 " + stalled);
        db.complete(worker, current, "\"right\"");
        db.complete(stalled, old, "\"later\"");
        assertThat(db.output(run, "work")).isEqualTo("\"right\"");
    }

    @Test
    void a_late_failure_changes_nothing_and_is_kept() {
        long worker = handOn();
        db.claimOne(worker);

        assertThat(db.failForGood(stalled, old).positions()).containsExactly(1);

        assertThat(db.states(run)).isEqualTo("RUNNING: work RUNNING, next PENDING");
        assertThat(db.texts("select report from pgflow.stale_reports")).containsExactly("fail");
    }

    @Test
    void a_late_report_is_stale_even_before_another_worker_took_the_task() {
        handOn();

        assertThat(db.complete(stalled, old).positions()).containsExactly(1);
        assertThat(db.fail(stalled, old).positions()).containsExactly(1);

        assertThat(db.states(run)).isEqualTo("RUNNING: work SCHEDULED, next PENDING");
    }

    @Test
    void a_success_that_is_reported_again_because_its_answer_was_lost_is_not_stale() {
        db.complete(stalled, old);

        assertThat(db.complete(stalled, old).positions()).isEmpty();

        assertThat(db.count("select count(*) from pgflow.stale_reports")).isZero();
        assertThat(db.history(run)).containsOnlyOnce("work complete");
    }

    @Test
    void a_failure_that_is_reported_again_because_its_answer_was_lost_is_not_stale() {
        db.fail(stalled, old);
        assertThat(db.fail(stalled, old).positions()).isEmpty();
        db.clock("1 minute");
        db.fire();

        assertThat(db.fail(stalled, old).positions()).isEmpty();

        assertThat(db.count("select count(*) from pgflow.stale_reports")).isZero();
        assertThat(db.states(run)).startsWith("RUNNING: work SCHEDULED");
    }

    @Test
    void a_failure_reported_by_a_worker_whose_loss_ended_the_task_is_stale() {
        db.execute("update pgflow.tasks set losses = 2 where state = 'RUNNING'");
        db.expire();

        assertThat(db.fail(stalled, old).positions()).containsExactly(1);

        assertThat(db.states(run)).isEqualTo("FAILED: work FAILED, next CANCELLED");
    }

    @Test
    void the_fence_grows_by_one_with_each_claim() {
        for (int fence = 2; fence <= 5; fence++) {
            db.fail(stalled, old);
            db.clock(fence + " minutes");
            db.fire();
            if (fence < 4) {
                old = db.claimOne(stalled);
                assertThat(old.fence()).isEqualTo(fence);
            }
        }
    }

    @Test
    void a_report_for_a_task_that_does_not_exist_is_stale() {
        Claim nothing = new Claim(UUID.randomUUID(), 1, 0, 1, 1, null, null, "work");

        assertThat(db.complete(stalled, nothing).positions()).containsExactly(1);
        assertThat(db.fail(stalled, nothing).positions()).containsExactly(1);
    }

    private long handOn() {
        long worker = db.worker();
        db.expire();
        return worker;
    }
}
