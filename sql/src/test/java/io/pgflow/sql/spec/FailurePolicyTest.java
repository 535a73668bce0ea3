package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FailurePolicyTest extends Specification {
    @Test
    void a_step_that_fails_for_good_can_be_skipped() {
        db.define("flow", "a -> b -> c", "b", "\"onFailure\": \"skip\", \"maxAttempts\": 1");
        long worker = db.worker();
        UUID run = db.start("flow");
        db.complete(worker, db.claimOne(worker));

        Report report = db.fail(worker, db.claimOne(worker));

        assertThat(report.wokenQueues()).containsExactly("default");
        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SKIPPED, c SCHEDULED");
        assertThat(db.history(run)).containsSubsequence("b claim", "b skip_failed", "c schedule");
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"b\": null}");
    }

    @Test
    void it_is_tried_again_first_while_attempts_remain() {
        db.define("flow", "a", "a", "\"onFailure\": \"skip\", \"maxAttempts\": 2");
        long worker = db.worker();
        UUID run = db.start("flow");

        db.fail(worker, db.claimOne(worker));
        assertThat(db.states(run)).isEqualTo("RUNNING: a RETRYING");

        db.clock("1 hour");
        db.fire();
        assertThat(db.fail(worker, db.claimOne(worker)).endedRuns()).containsExactly(run);
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SKIPPED");
    }

    @Test
    void an_error_that_cannot_be_tried_again_is_for_good() {
        db.define("flow", "a", "a", "\"onFailure\": \"skip\"");
        long worker = db.worker();
        UUID run = db.start("flow");

        db.failForGood(worker, db.claimOne(worker));

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SKIPPED");
    }

    @Test
    void it_can_be_skipped_with_all_that_comes_after() {
        db.define("flow", "a; other; a -> b; b, other -> c; other -> d", "a", "\"onFailure\": \"skipBranch\"");
        long worker = db.worker();
        UUID run = db.start("flow");
        List<Claim> claims = db.claim(worker, 2);
        Claim first = claims.stream()
                .filter(claim -> claim.name().equals("a"))
                .findFirst()
                .orElseThrow();

        db.failForGood(worker, first);
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: a SKIPPED, other RUNNING, b SKIPPED, c SKIPPED, d PENDING");
        db.complete(
                worker, claims.stream().filter(claim -> !claim.equals(first)).toList(), "1");
        db.drain(worker);
        db.settle();
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_fallback_can_stand_in_for_the_output() {
        db.define("flow", "a -> b", "a", "\"onFailure\": \"fallback\", \"fallback\": {\"price\": null}");
        long worker = db.worker();
        UUID run = db.start("flow");

        db.failForGood(worker, db.claimOne(worker));

        assertThat(db.states(run)).isEqualTo("RUNNING: a SUCCEEDED, b SCHEDULED");
        assertThat(db.history(run)).contains("a fall_back");
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"a\": {\"price\": null}}");
        assertThat(db.texts("select error ->> 'message' from pgflow.tasks where step = 1"))
                .containsExactly("no luck");
    }

    @Test
    void null_is_a_fallback_too() {
        db.define("flow", "a -> b", "a", "\"onFailure\": \"fallback\", \"fallback\": null");
        long worker = db.worker();
        UUID run = db.start("flow");

        db.failForGood(worker, db.claimOne(worker));

        assertThat(db.output(run, "a")).isEqualTo("null");
    }

    @Test
    void a_run_fails_when_another_task_of_the_batch_fails_it() {
        db.define("flow", "a(onFailure skip) -> c; b");
        long worker = db.worker();
        UUID run = db.start("flow");
        List<Claim> claims = db.claim(worker, 2);

        Report report = db.fail(worker, claims, List.of(false, false), null);
        db.settle();

        assertThat(report.endedRuns()).containsExactly(run);
        assertThat(db.states(run)).isEqualTo("FAILED: a SKIPPED, c CANCELLED, b FAILED");
    }

    @Test
    void a_task_that_ends_its_workers_fails_whatever_its_step_says() {
        db.define("flow", "a", "a", "\"onFailure\": \"skip\"");
        UUID run = db.start("flow");

        for (int i = 1; i <= 3; i++) {
            long worker = db.worker();
            db.claimOne(worker);
            db.clock(i + " minutes");
            db.expire();
        }

        assertThat(db.states(run)).isEqualTo("FAILED: a FAILED");
    }

    @Test
    void a_late_report_of_a_failure_that_was_passed_over_is_no_stale_one() {
        db.define("flow", "a -> b", "a", "\"onFailure\": \"skip\"");
        long worker = db.worker();
        db.start("flow");
        Claim claim = db.claimOne(worker);
        db.failForGood(worker, claim);

        assertThat(db.failForGood(worker, claim).positions()).isEmpty();
    }

    @Test
    void an_item_of_a_map_can_be_skipped_or_fall_back() {
        db.define("skipping", "each*", "each", "\"onFailure\": \"skip\"");
        db.define("falling", "each*", "each", "\"onFailure\": \"fallback\", \"fallback\": 0");
        long worker = db.worker();
        UUID skipping = db.start("skipping", "[1, 2]");
        UUID falling = db.start("falling", "[1, 2]");
        for (Claim claim : db.claim(worker, 10)) {
            if (claim.item() == 1) {
                assertThat(db.failForGood(worker, claim).toSettle()).isTrue();
            } else {
                db.complete(worker, claim, "7");
            }
        }
        db.settle();

        assertThat(db.states(skipping)).isEqualTo("SUCCEEDED: each SUCCEEDED, each[1] SKIPPED, each[2] SUCCEEDED");
        assertThat(db.output(skipping, "each")).isEqualTo("[null, 7]");
        assertThat(db.output(falling, "each")).isEqualTo("[0, 7]");
    }

    @Test
    void a_map_that_collects_goes_on_when_items_fail_and_gives_outputs_and_errors() {
        db.define("flow", "each* -> sum", "each", "\"collect\": true");
        long worker = db.worker();
        UUID run = db.start("flow", "[1, 2, 3]");
        for (Claim claim : db.claim(worker, 10)) {
            if (claim.item() == 2) {
                db.failForGood(worker, claim);
            } else {
                db.complete(worker, claim, String.valueOf(claim.item() * 10));
            }
        }
        db.settle();

        assertThat(db.states(run))
                .isEqualTo(
                        "RUNNING: each SUCCEEDED, each[1] SUCCEEDED, each[2] FAILED, each[3] SUCCEEDED, sum SCHEDULED");
        assertThat(db.output(run, "each"))
                .isEqualTo(
                        "{\"errors\": [{\"item\": 1, \"error\": {\"message\": \"no luck\"}}], \"outputs\": [10, null, 30]}");
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_map_that_collects_and_is_empty_gives_two_empty_lists() {
        db.define("flow", "each*", "each", "\"collect\": true");
        UUID run = db.start("flow", "[]");
        db.settle();

        assertThat(db.output(run, "each")).isEqualTo("{\"errors\": [], \"outputs\": []}");
    }

    @Test
    void a_map_schedules_no_more_items_at_once_than_its_step_allows() {
        db.define("flow", "each* -> sum", "each", "\"atOnce\": 2");
        long worker = db.worker();
        UUID run = db.start("flow", "[1, 2, 3, 4, 5]");
        assertThat(db.states(run))
                .isEqualTo(
                        "RUNNING: each RUNNING, each[1] SCHEDULED, each[2] SCHEDULED, each[3] PENDING, each[4] PENDING, each[5] PENDING, sum PENDING");

        List<Claim> claims = db.claim(worker, 10);
        assertThat(claims).hasSize(2);
        db.complete(worker, claims.get(0), "1");
        db.settle();
        assertThat(db.claim(worker, 10)).extracting(Claim::item).containsExactly(3);

        db.complete(worker, claims.get(1), "1");
        db.settle();
        assertThat(db.claim(worker, 10)).extracting(Claim::item).containsExactly(4);
    }

    @Test
    void a_limited_map_comes_to_its_end_and_leaves_nothing_behind() {
        db.define("flow", "each* -> sum", "each", "\"atOnce\": 2, \"collect\": true");
        long worker = db.worker();
        UUID run = db.start("flow", "[1, 2, 3, 4, 5]");

        db.failForGood(worker, db.claimOne(worker));
        db.settle();
        db.drain(worker);

        assertThat(db.states(run)).startsWith("SUCCEEDED: each SUCCEEDED, each[1] FAILED, each[2] SUCCEEDED");
        assertThat(db.count("select count(*) from pgflow.limited_maps")).isZero();
    }

    @Test
    void a_limited_map_can_be_cancelled() {
        db.define("flow", "each*", "each", "\"atOnce\": 1");
        UUID run = db.start("flow", "[1, 2]");

        db.cancel(run);

        assertThat(db.states(run)).isEqualTo("CANCELLED: each CANCELLED, each[1] CANCELLED, each[2] CANCELLED");
        assertThat(db.count("select count(*) from pgflow.limited_maps")).isZero();
    }

    @Test
    void a_policy_that_cannot_be_is_refused() {
        assertThatThrownBy(() -> db.define("flow", "a", "a", "\"onFailure\": \"ignore\""))
                .hasMessageContaining("on_failure_is_known");
        assertThatThrownBy(() -> db.define("flow", "a", "a", "\"onFailure\": \"fallback\""))
                .hasMessageContaining("a_fallback_stands_where_it_is_used");
        assertThatThrownBy(() -> db.define("flow", "a", "a", "\"collect\": true"))
                .hasMessageContaining("only_map_steps_collect");
        assertThatThrownBy(() -> db.define("flow", "a*", "a", "\"onFailure\": \"skipBranch\""))
                .hasMessageContaining("no_item_skips_a_branch");
        assertThatThrownBy(() -> db.define("flow", "a*", "a", "\"atOnce\": 0"))
                .hasMessageContaining("at_once_is_positive");
    }
}
