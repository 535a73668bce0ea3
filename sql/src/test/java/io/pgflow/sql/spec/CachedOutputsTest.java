package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CachedOutputsTest extends Specification {
    private long worker;

    @BeforeEach
    void a_workflow_one_of_whose_outputs_is_cached() {
        db.define("quote", "price -> report");
        worker = db.worker();
        db.start("quote");
        Claim claim = db.claimOne(worker);
        db.complete(worker, claim, "42");
        keep(claim, "{\"country\": \"CH\", \"id\": 7}", "1 hour");
        db.drain(worker);
    }

    @Test
    void a_task_whose_output_is_cached_succeeds_with_it_and_what_follows_goes_on() {
        UUID run = db.start("quote");
        Claim claim = db.claimOne(worker);

        assertThat(reuse(List.of(claim), "{\"id\": 7, \"country\": \"CH\"}").positions())
                .containsExactly(1);

        assertThat(db.states(run)).isEqualTo("RUNNING: price SUCCEEDED, report SCHEDULED");
        assertThat(db.output(run, "price")).isEqualTo("42");
        assertThat(db.history(run)).contains("price reuse").doesNotContain("price complete");
    }

    @Test
    void the_history_says_where_the_output_came_from() {
        UUID run = db.start("quote");
        reuse(List.of(db.claimOne(worker)), "{\"country\": \"CH\", \"id\": 7}");

        assertThat(db.texts("select detail ->> 'cache' from pgflow.events where run_id = ? and transition = 70", run))
                .containsExactly("quote.price");
    }

    @Test
    void another_key_or_another_cache_is_not_known_and_nothing_is_locked() {
        UUID run = db.start("quote");
        Claim claim = db.claimOne(worker);

        assertThat(reuse(List.of(claim), "{\"country\": \"DE\", \"id\": 7}").positions())
                .isEmpty();

        assertThat(db.states(run)).isEqualTo("RUNNING: price RUNNING, report PENDING");
        db.complete(worker, claim);
    }

    @Test
    void who_asks_for_a_step_again_gets_it_done_and_not_what_was_kept() {
        UUID run = db.start("quote");
        reuse(List.of(db.claimOne(worker)), "{\"country\": \"CH\", \"id\": 7}");
        db.drain(worker);

        db.rerun(run, "price");
        Claim again = db.claimOne(worker);

        assertThat(reuse(List.of(again), "{\"country\": \"CH\", \"id\": 7}").positions())
                .isEmpty();
        db.complete(worker, again, "43");
    }

    @Test
    void an_output_is_fresh_for_its_time_and_then_forgotten() {
        db.clock("61 minutes");
        long later = db.worker();
        db.start("quote");
        Claim claim = db.claimOne(later);

        assertThat(reuse(List.of(claim), "{\"country\": \"CH\", \"id\": 7}").positions())
                .isEmpty();

        assertThat(db.texts("select pgflow.prune_cached_outputs()")).containsExactly("false");
        assertThat(db.count("select count(*) from pgflow.cached_outputs")).isZero();
    }

    @Test
    void a_newer_output_takes_the_place_of_an_older_one() {
        db.start("quote");
        Claim claim = db.claimOne(worker);
        db.complete(worker, claim, "43");
        keep(claim, "{\"country\": \"CH\", \"id\": 7}", "1 hour");

        assertThat(db.texts("select output::text from pgflow.cached_outputs")).containsExactly("43");
    }

    @Test
    void what_did_not_succeed_under_that_fence_is_not_cached() {
        db.start("quote");
        Claim claim = db.claimOne(worker);
        keep(claim, "1", "1 hour");
        db.failForGood(worker, claim);
        keep(claim, "1", "1 hour");

        assertThat(db.count("select count(*) from pgflow.cached_outputs")).isOne();
    }

    @Test
    void a_task_that_was_taken_away_is_passed_over() {
        UUID run = db.start("quote");
        Claim claim = db.claimOne(worker);
        db.cancel(run);

        assertThat(reuse(List.of(claim), "{\"country\": \"CH\", \"id\": 7}").positions())
                .isEmpty();

        assertThat(db.states(run)).isEqualTo("CANCELLED: price CANCELLED, report CANCELLED");
    }

    @Test
    void items_of_a_map_are_reused_and_the_last_sink_ends_the_run() {
        db.define("map", "each*");
        long all = db.worker();
        UUID run = db.start("map", "[1, 2, 3]");
        List<Claim> claims = db.claim(all, 10);

        Report report = reuse(claims, "{\"country\": \"CH\", \"id\": 7}");
        assertThat(report.positions()).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(report.toSettle()).isTrue();
        db.settle();

        assertThat(db.states(run)).startsWith("SUCCEEDED");
        assertThat(db.output(run, "each")).isEqualTo("[42, 42, 42]");
    }

    @Test
    void a_single_step_whose_output_is_reused_ends_its_run() {
        db.define("single", "work");
        long all = db.worker();
        UUID run = db.start("single");

        assertThat(reuse(List.of(db.claimOne(all)), "{\"country\": \"CH\", \"id\": 7}")
                        .endedRuns())
                .containsExactly(run);
    }

    @Test
    void a_cache_is_invalidated_under_one_key_or_as_a_whole() {
        db.start("quote");
        Claim claim = db.claimOne(worker);
        db.complete(worker, claim, "43");
        keep(claim, "\"other\"", "1 hour");

        assertThat(db.count("select pgflow.invalidate_outputs('quote.price', '{\"id\": 7, \"country\": \"CH\"}')"))
                .isOne();
        assertThat(db.count("select pgflow.invalidate_outputs('another')")).isZero();
        assertThat(db.count("select pgflow.invalidate_outputs('quote.price')")).isOne();
        assertThat(db.count("select count(*) from pgflow.cached_outputs")).isZero();
    }

    /** Rows that lie in another order than that of their keys: whoever empties the cache locks them as those do that fill it. */
    @Test
    void who_invalidates_a_whole_cache_and_who_keeps_outputs_do_not_wait_for_each_other() {
        db.start("quote");
        Claim claim = db.claimOne(worker);
        db.complete(worker, claim, "43");
        List<String> keys = new ArrayList<>(
                db.texts("select k from unnest('{1,2}'::text[]) k order by pgflow._key_hash(k::jsonb) desc"));
        keys.forEach(key -> keep(claim, key, "1 hour"));
        Session other = session();
        other.begin();
        other.execute("select from pgflow.cached_outputs where key = '" + keys.get(1) + "' for update");

        Paused<Integer> keeping = Paused.blocked(session(), session(), session -> {
            List<Claim> claims = List.of(claim, claim);
            session.row(
                    "select pgflow.cache_outputs(?, ?, ?, ?, '{quote.price,quote.price}', array[?::jsonb, ?::jsonb],"
                            + " array['1 hour', '1 hour']::interval[])",
                    Session.ids(claims),
                    Session.steps(claims),
                    Session.items(claims),
                    Session.fences(claims),
                    keys.get(0),
                    keys.get(1));
            return 0;
        });
        Paused<Integer> invalidating = Paused.blocked(session(), session(), session ->
                (int) session.count("select pgflow.invalidate_outputs('quote.price')"));
        other.rollback();
        keeping.finish();

        assertThat(invalidating.finish()).isEqualTo(3);
        assertThat(db.count("select count(*) from pgflow.cached_outputs")).isZero();
    }

    private Report reuse(List<Claim> claims, String key) {
        return db.reuse(worker, claims, "quote.price", key);
    }

    private void keep(Claim claim, String key, String time) {
        List<Claim> claims = List.of(claim);
        db.row(
                "select pgflow.cache_outputs(?, ?, ?, ?, '{quote.price}', array[?::jsonb], array[?::interval])",
                Session.ids(claims),
                Session.steps(claims),
                Session.items(claims),
                Session.fences(claims),
                key,
                time);
    }
}
