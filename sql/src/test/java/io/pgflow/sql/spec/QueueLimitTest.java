package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How many tasks of a queue may be held at once, all processes together. */
class QueueLimitTest extends Specification {
    @Test
    void no_more_tasks_of_a_queue_are_held_than_its_limit() {
        db.define("flow", "a");
        long worker = db.worker();
        start(5);
        assertThat(limitQueue("default", 2)).isEqualTo("limited");

        List<Claim> first = db.claim(worker, 10);
        assertThat(first).hasSize(2);
        assertThat(db.claim(db.worker(), 10)).isEmpty();
        db.complete(worker, first.get(0));
        assertThat(db.claim(worker, 10)).hasSize(1);

        assertThat(limitQueue("default", 3)).isEqualTo("limited");
        assertThat(db.claim(worker, 10)).hasSize(1);
        assertThat(limitQueue("default", null)).isEqualTo("unlimited");
        assertThat(db.claim(worker, 10)).hasSize(1);
        assertThat(
                        db.texts(
                                "select concat_ws(' ', rule, change, at_once, actor) from pgflow.rule_history('queue', 'default')"))
                .containsExactly("limit lifted ada", "limit set 3 ada", "limit set 2 ada");
    }

    @Test
    void what_ran_before_a_queue_got_its_limit_counts() {
        db.define("flow", "a");
        long worker = db.worker();
        start(4);
        List<Claim> before = db.claim(worker, 2);
        limitQueue("default", 2);

        assertThat(db.claim(worker, 10)).isEmpty();
        db.complete(worker, before, "1");
        assertThat(db.claim(worker, 10)).hasSize(2);
    }

    @Test
    void what_a_claim_takes_that_began_before_the_limit_of_its_queue_counts_once_it_is_over() {
        db.define("flow", "a");
        long worker = db.worker();
        start(4);
        Paused<List<Claim>> claim = pauseAt("claim_tasks-read", session -> session.claim(worker, 3));
        limitQueue("default", 3);
        String[] earlier = claimsOnTheirWay(null);

        assertThat(earlier).hasSize(1);
        assertThat(claimsOnTheirWay(earlier)).containsExactly(earlier);
        assertThat(claim.resume()).hasSize(3);
        assertThat(claimsOnTheirWay(earlier)).isEmpty();
        db.rows("select pgflow.count_held('default')");
        assertThat(db.claim(worker, 10)).isEmpty();
    }

    @Test
    void a_claim_that_is_not_yet_on_its_way_goes_by_the_rules_it_finds() {
        db.define("flow", "a");
        long worker = db.worker();
        start(4);

        assertThat(claimsOnTheirWay(null)).isEmpty();
        Paused<List<Claim>> later = pauseAt("claim_tasks-read", session -> session.claim(worker, 3));
        assertThat(claimsOnTheirWay(new String[0])).isEmpty();

        later.resume();
    }

    @Test
    void a_lost_worker_gives_its_places_in_a_queue_back() {
        db.define("flow", "a");
        long lost = db.worker();
        start(2);
        limitQueue("default", 1);
        db.claim(lost, 1);
        db.execute("update pgflow.workers set heartbeat_at = now() - interval '1 hour'");
        db.expire();

        assertThat(db.claim(db.worker(), 10)).hasSize(1);
    }

    @Test
    void claims_of_a_queue_with_a_limit_come_one_after_the_other() {
        db.define("flow", "a");
        long worker = db.worker();
        start(4);
        limitQueue("default", 1);
        Paused<List<Claim>> first = pauseAt("queue_room-counted", session -> session.claim(worker, 10));
        Paused<List<Claim>> second = Paused.blocked(session(), session(), session -> session.claim(worker, 10));

        assertThat(first.resume()).hasSize(1);
        assertThat(second.finish()).isEmpty();
    }

    @Test
    void a_limit_that_cannot_be_is_refused() {
        assertThat(limitQueue("nothing", 3)).isEqualTo("unknown");
        db.define("flow", "a");
        assertThat(limitQueue("default", null)).isEqualTo("unchanged");
        assertThatThrownBy(() -> limitQueue("default", 0))
                .isInstanceOfSatisfying(
                        SqlFailure.class, refused -> assertThat(refused.state()).isEqualTo("PF004"));
    }

    private void start(int runs) {
        for (int i = 0; i < runs; i++) {
            db.start("flow");
        }
    }

    private String[] claimsOnTheirWay(String @Nullable [] known) {
        return db.texts("select unnest(pgflow.claims_on_their_way(?::text[]))", (Object) known)
                .toArray(String[]::new);
    }

    private String limitQueue(String queue, @Nullable Integer atOnce) {
        return String.valueOf(
                db.row("select outcome from pgflow.limit_queue(?, ?::int, 'ada', 'enough')", queue, atOnce)
                        .text("outcome"));
    }
}
