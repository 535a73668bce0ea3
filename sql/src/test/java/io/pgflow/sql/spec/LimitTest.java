package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much of a step may happen at once and in a time, all processes together. */
class LimitTest extends Specification {
    private static final String BY_TENANT = "\"by\": {\"$from\": \"$input\", \"pointer\": \"/tenant\"}";

    @Test
    void no_more_tasks_of_a_step_are_on_their_way_than_its_limit() {
        long worker = limited("\"concurrency\": [{\"limit\": 2}]");
        start(5);

        List<Claim> first = claimAdmitted(worker);
        assertThat(first).hasSize(2);
        assertThat(claimAdmitted(worker)).isEmpty();

        db.complete(worker, first.get(0));
        assertThat(claimAdmitted(worker)).hasSize(1);
    }

    @Test
    void each_value_of_a_key_has_a_limit_of_its_own() {
        long worker = limited("\"concurrency\": [{\"limit\": 1, " + BY_TENANT + "}]");
        for (String tenant : List.of("a", "a", "b", "b", "c")) {
            start(tenant);
        }
        db.start("flow", "{}");
        db.start("flow", "3");

        assertThat(claimAdmitted(worker))
                .extracting(Claim::input)
                .containsExactlyInAnyOrder(tenant("a"), tenant("b"), tenant("c"), "{}");
    }

    @Test
    void a_limit_with_a_name_is_shared_by_all_that_name_it() {
        db.define("one", "a", "a", "\"concurrency\": [{\"limit\": 3, \"name\": \"api\"}]");
        db.define("two", "a", "a", "\"concurrency\": [{\"limit\": 2, \"name\": \"api\"}]");
        long worker = db.worker();
        for (int i = 0; i < 3; i++) {
            db.start("one");
            db.start("two");
        }

        List<Claim> claims = claimAdmitted(worker);
        assertThat(claims).hasSize(3);
        db.complete(worker, claims, "1");
        assertThat(claimAdmitted(worker)).hasSizeBetween(2, 3);
    }

    @Test
    void a_task_needs_room_in_all_of_its_limits() {
        long worker = limited("\"concurrency\": [{\"limit\": 3, \"name\": \"all\"}, {\"limit\": 2, \"name\": \"each\", "
                + BY_TENANT + "}]");
        for (String tenant : List.of("a", "a", "a", "b", "b")) {
            start(tenant);
        }

        assertThat(claimAdmitted(worker)).hasSize(3);
    }

    @Test
    void items_of_a_map_are_limited_too_by_a_key_of_the_item() {
        db.define("maps", "each* -> sum", "each", "\"concurrency\": [{\"limit\": 1, \"by\": {\"$from\": \"$item\"}}]");
        long worker = db.worker();
        UUID run = db.start("maps", "[\"x\", \"x\", \"y\"]");
        db.settle();

        List<Claim> claims = claimAdmitted(worker);
        assertThat(claims).extracting(Claim::input).containsExactlyInAnyOrder("\"x\"", "\"y\"");
        db.complete(worker, claims, "1");
        db.complete(worker, claimAdmitted(worker), "1");
        db.settle();
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");
    }

    @Test
    void a_key_can_be_what_a_step_before_gave() {
        db.define(
                "chain",
                "a -> b",
                "b",
                "\"concurrency\": [{\"limit\": 1, \"by\": {\"$from\": \"a\", \"pointer\": \"/region\"}}]");
        long worker = db.worker();
        for (String region : List.of("east", "east", "west")) {
            db.start("chain");
            db.complete(worker, db.claimOne(worker), "{\"region\": \"" + region + "\"}");
        }

        assertThat(claimAdmitted(worker)).hasSize(2);
    }

    @Test
    void a_place_is_free_again_however_its_attempt_ended() {
        long worker = limited("\"maxAttempts\": 1, \"concurrency\": [{\"limit\": 1}]");
        start(6);
        db.complete(worker, claimAdmitted(worker), "1");
        db.failForGood(worker, claimAdmitted(worker).get(0));
        db.cancel(claimAdmitted(worker).get(0).runId());
        long lost = db.worker();
        assertThat(claimAdmitted(lost)).hasSize(1);
        db.execute("update pgflow.workers set heartbeat_at = now() - interval '1 hour' where worker_id = " + lost);
        db.expire();
        assertThat(claimAdmitted(worker)).hasSize(1);
        db.row("select * from pgflow.retire_worker(?)", worker);

        assertThat(claimAdmitted(db.worker())).hasSize(1);
        assertThat(claimAdmitted(db.worker())).isEmpty();
    }

    @Test
    void a_deferred_task_keeps_its_place_until_the_outside_answers_which_wakes_the_gate() {
        long worker = limited("\"concurrency\": [{\"limit\": 1}]");
        start(2);
        var outside = new Deferring(db);
        admit();
        String token = outside.next(worker);
        assertThat(claimAdmitted(worker)).isEmpty();

        assertThat(db.texts("select unnest(woken_queues) from pgflow.complete_deferred(array[?], '{1}')", token))
                .containsExactly("$gate");

        assertThat(claimAdmitted(worker)).hasSize(1);
    }

    @Test
    void a_place_of_a_task_that_was_cancelled_or_skipped_before_its_claim_is_free_again() {
        long worker = limited("\"concurrency\": [{\"limit\": 1}]");
        List<UUID> runs = start(4);
        admit();
        db.cancel(runs.get(0));
        admit();
        db.skip(runs.get(1), "a");

        assertThat(claimAdmitted(worker)).extracting(Claim::runId).containsExactly(runs.get(2));
        db.cancel(runs.get(3));
        assertThat(db.count("select count(*) from pgflow.gated_tasks")).isZero();
    }

    @Test
    void a_retry_goes_through_the_gate_again() {
        long worker = limited("\"concurrency\": [{\"limit\": 1}]");
        List<UUID> runs = start(2);
        db.fail(worker, claimAdmitted(worker).get(0));

        assertThat(claimAdmitted(worker)).extracting(Claim::runId).containsExactly(runs.get(1));
        db.clock("1 hour");
        assertThat(db.texts("select array_to_string(woken_queues, ' ') from pgflow.fire_timers()"))
                .containsExactly("$gate");
        assertThat(claimAdmitted(worker)).isEmpty();
    }

    @Test
    void what_is_limited_and_paused_gives_its_place_to_others_and_goes_to_the_gate_again() {
        long worker = limited("\"concurrency\": [{\"limit\": 1}]");
        List<UUID> runs = start(2);
        admit();
        rule("pause('run', array['" + runs.get(0) + "'], 'ada', null)");

        assertThat(db.claim(worker, 10)).isEmpty();
        assertThat(claimAdmitted(worker)).extracting(Claim::runId).containsExactly(runs.get(1));

        assertThat(db.texts(
                        "select array_to_string(woken_queues, ' ') from pgflow.resume('run', array[?], 'ada', null)",
                        runs.get(0).toString()))
                .containsExactly("$gate");
        assertThat(claimAdmitted(worker)).isEmpty();
    }

    @Test
    void nothing_that_is_paused_goes_through_the_gate() {
        long worker = limited("\"concurrency\": [{\"limit\": 1}]");
        List<UUID> runs = start(2);
        rule("pause('step', array['flow.a'], 'ada', null)");
        assertThat(claimAdmitted(worker)).isEmpty();
        assertThat(db.count("select count(*) from pgflow.places")).isZero();
        rule("resume('step', array['flow.a'], 'ada', null)");
        rule("pause('run', array['" + runs.get(0) + "'], 'ada', null)");

        assertThat(claimAdmitted(worker)).extracting(Claim::runId).containsExactly(runs.get(1));
    }

    @Test
    void no_more_attempts_begin_in_a_period_than_the_rate() {
        long worker = limited("\"rate\": [{\"limit\": 2, \"per\": \"PT1M\"}]");
        start(5);

        List<Claim> first = claimAdmitted(worker);
        assertThat(first).hasSize(2);
        db.complete(worker, first, "1");
        assertThat(claimAdmitted(worker)).isEmpty();

        db.clock("59 seconds");
        assertThat(claimAdmitted(worker)).isEmpty();
        db.clock("61 seconds");
        assertThat(claimAdmitted(worker)).hasSize(2);
    }

    @Test
    void the_period_of_a_rate_runs_from_the_claim_on_so_that_a_backlog_in_the_queue_breaks_no_rate() {
        long worker = limited("\"rate\": [{\"limit\": 2, \"per\": \"PT1M\"}]");
        start(6);
        admit();
        db.clock("10 minutes");
        assertThat(claimAdmitted(worker)).hasSize(2);
        assertThat(claimAdmitted(worker)).isEmpty();
    }

    @Test
    void each_key_has_a_rate_of_its_own() {
        long worker = limited(
                "\"rate\": [{\"limit\": 2, \"per\": \"PT1M\", \"by\": {\"$from\": \"$input\", \"pointer\": \"/tenant\"}}]");
        for (String tenant : List.of("a", "a", "a", "b", "b", "b")) {
            db.start("flow", "{\"tenant\": \"" + tenant + "\"}");
        }

        assertThat(claimAdmitted(worker))
                .extracting(Claim::input)
                .containsExactlyInAnyOrder(
                        "{\"tenant\": \"a\"}", "{\"tenant\": \"a\"}", "{\"tenant\": \"b\"}", "{\"tenant\": \"b\"}");
        assertThat(claimAdmitted(worker)).isEmpty();
        db.clock("61 seconds");
        assertThat(claimAdmitted(worker))
                .extracting(Claim::input)
                .containsExactlyInAnyOrder("{\"tenant\": \"a\"}", "{\"tenant\": \"b\"}");
    }

    @Test
    void a_gate_says_when_a_rate_has_room_again() {
        long worker = limited("\"rate\": [{\"limit\": 1, \"per\": \"PT1M\"}]");
        start(2);
        claimAdmitted(worker);

        Row admitted =
                db.row("select next_due_in between '1 second' and '61 seconds' as soon from pgflow.admit_tasks()");
        assertThat(admitted.truth("soon")).isTrue();
    }

    @Test
    void a_task_weighs_what_its_input_says() {
        long worker = limited("\"rate\": [{\"limit\": 100, \"per\": \"PT1M\", \"weight\": {\"$from\": \"$input\"}}]");
        for (String tokens : List.of("60", "30", "20", "1")) {
            db.start("flow", tokens);
        }

        assertThat(claimAdmitted(worker)).extracting(Claim::input).containsExactlyInAnyOrder("60", "30");
        admit();
        db.clock("61 seconds");
        assertThat(claimAdmitted(worker)).extracting(Claim::input).containsExactlyInAnyOrder("20", "1");
    }

    @Test
    void what_weighs_more_than_the_whole_limit_goes_alone() {
        long worker = limited("\"rate\": [{\"limit\": 10, \"per\": \"PT1M\", \"weight\": {\"$from\": \"$input\"}}]");
        for (String tokens : List.of("1000", "1")) {
            db.start("flow", tokens);
        }
        assertThat(claimAdmitted(worker)).extracting(Claim::input).containsExactly("1000");
        assertThat(claimAdmitted(worker)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"text\"", "null", "-5", "0", "1e400", "{}"})
    void what_is_no_weight_weighs_one_and_what_is_huge_is_alone(String input) {
        long worker = limited("\"rate\": [{\"limit\": 2, \"per\": \"PT1M\", \"weight\": {\"$from\": \"$input\"}}]");
        db.start("flow", input);

        assertThat(claimAdmitted(worker)).hasSize(1);
    }

    @Test
    void units_of_a_task_that_never_began_are_given_back() {
        long worker = limited("\"rate\": [{\"limit\": 1, \"per\": \"PT1M\"}]");
        List<UUID> runs = start(2);
        admit();
        db.cancel(runs.get(0));

        assertThat(claimAdmitted(worker)).extracting(Claim::runId).containsExactly(runs.get(1));
    }

    @Test
    void one_with_ten_thousand_tasks_does_not_keep_out_another_with_one() {
        long worker = limited(
                "\"concurrency\": [{\"limit\": 2}], \"fairBy\": {\"$from\": \"$input\", \"pointer\": \"/tenant\"}");
        db.row("select * from pgflow.start_runs((select array_agg(gen_random_uuid()) from generate_series(1, 10000)),"
                + " array_fill((select workflow_id from pgflow.workflows), array[10000]),"
                + " array_fill('{\"tenant\": \"big\"}'::jsonb, array[10000]), null, null, null, null, null)");
        db.execute("analyze");
        db.row("select * from pgflow.settle_steps(20000)");
        db.execute("analyze");
        db.complete(worker, claimAdmitted(worker), "1");
        UUID small = start("small");
        db.settle();

        assertThat(claimAdmitted(worker)).extracting(Claim::runId).contains(small);
    }

    @Test
    void turns_go_round_among_keys_and_priorities_come_first() {
        long worker = limited(
                "\"concurrency\": [{\"limit\": 1}], \"fairBy\": {\"$from\": \"$input\", \"pointer\": \"/tenant\"}");
        for (String tenant : List.of("a", "a", "a", "b", "b", "c")) {
            start(tenant);
        }
        db.row("select pgflow.start_run('flow', ?::jsonb, p_priority => 1)", tenant("a"));

        List<String> order = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            Claim claim = claimAdmitted(worker).get(0);
            order.add(
                    String.valueOf(claim.input()).replace("{\"tenant\": \"", "").replace("\"}", ""));
            db.complete(worker, claim);
        }
        assertThat(order.get(0)).isEqualTo("a");
        assertThat(order.subList(1, 4)).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(order.subList(4, 6)).containsExactlyInAnyOrder("a", "b");
        assertThat(order.get(6)).isEqualTo("a");
    }

    @Test
    void fair_turns_without_a_limit_keep_at_most_a_hundred_tasks_ahead() {
        long worker = limited("\"fairBy\": {\"$from\": \"$input\", \"pointer\": \"/tenant\"}");
        db.row("select count(pgflow.start_run('flow', '{\"tenant\": \"big\"}')) from generate_series(1, 150)");
        settleAll();
        UUID small = start("small");
        db.settle();
        admit();
        assertThat(db.count("select count(*) from pgflow.tasks where message_id is not null"))
                .isEqualTo(100);

        List<Claim> all = new ArrayList<>(db.claim(worker, 200));
        all.addAll(claimAdmitted(worker));
        assertThat(all).hasSize(151).extracting(Claim::runId).contains(small);
    }

    @Test
    void a_limit_holds_when_many_sessions_claim_report_and_admit_at_once() {
        limited("\"maxAttempts\": 50, \"retryDelay\": \"PT0S\", \"concurrency\": [{\"limit\": 3}]");
        start(60);
        db.settle();
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Session session = session();
            threads.add(CompletableFuture.runAsync(() -> work(session), task -> new Thread(task, "worker").start()));
        }
        threads.forEach(CompletableFuture::join);

        assertThat(db.count("select count(*) from pgflow.runs where state = 'SUCCEEDED'"))
                .isEqualTo(60);
        assertThat(mostAtOnce()).isBetween(1L, 3L);
    }

    @Test
    void who_admits_waits_for_who_admits_and_then_sees_what_he_let_in() {
        long worker = limited("\"concurrency\": [{\"limit\": 1}]");
        start(3);
        db.settle();
        Paused<Row> first = pauseAt("admit_tasks-locked", session -> session.row("select * from pgflow.admit_tasks()"));
        Paused<Row> second =
                Paused.blocked(session(), session(), session -> session.row("select * from pgflow.admit_tasks()"));
        first.resume();
        second.finish();

        assertThat(db.claim(worker, 10)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"concurrency\": [{\"limit\": 0}]",
                "\"concurrency\": [{}]",
                "\"concurrency\": [{\"limit\": \"many\"}]",
                "\"concurrency\": [{\"limit\": \"5\"}]",
                "\"concurrency\": [{\"limit\": 2.5}]",
                "\"concurrency\": [{\"limit\": 2.0}]",
                "\"concurrency\": [{\"limit\": 1e13}]",
                "\"concurrency\": [{\"limit\": 1}, {\"limit\": 2}]",
                "\"concurrency\": [{\"limit\": 1, \"name\": \"x\"}, {\"limit\": 2, \"name\": \"x\"}]",
                "\"concurrency\": [{\"limit\": 1, \"by\": {\"$from\": \"$input\", \"pointer\": \"/a\"}},"
                        + " {\"limit\": 2, \"by\": {\"$from\": \"$input\", \"pointer\": \"/b\"}}]",
                "\"rate\": [{\"limit\": 0.5, \"per\": \"PT1S\"}]",
                "\"rate\": [{\"limit\": 1, \"per\": \"PT1M\"}, {\"limit\": 2, \"per\": \"PT60S\"}]",
                "\"concurrency\": {\"limit\": 1}",
                "\"concurrency\": [{\"limit\": 1, \"name\": \"No\"}]",
                "\"concurrency\": [{\"limit\": 1, \"by\": {\"$from\": \"b\"}}]",
                "\"concurrency\": [{\"limit\": 1, \"by\": {\"$from\": \"$item\"}}]",
                "\"rate\": [{\"limit\": 1}]",
                "\"rate\": [{\"limit\": 1, \"per\": \"PT0S\"}]",
                "\"rate\": [{\"limit\": 1, \"per\": \"PT1S\", \"weight\": {\"$from\": \"b\"}}]",
                "\"fairBy\": {\"$from\": \"$input\", \"pointer\": \"tenant\"}",
            })
    void malformed_limits_are_refused(String limits) {
        assertThatThrownBy(() -> db.define("flow", "a, b", "a", limits))
                .isInstanceOfSatisfying(
                        SqlFailure.class, refused -> assertThat(refused.state()).isEqualTo("PF002"));
    }

    private long limited(String limits) {
        db.define("flow", "a", "a", limits);
        return db.worker();
    }

    private List<UUID> start(int runs) {
        List<UUID> started = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
            started.add(db.start("flow"));
        }
        return started;
    }

    private UUID start(String tenant) {
        return db.start("flow", tenant(tenant));
    }

    private static String tenant(String name) {
        return "{\"tenant\": \"" + name + "\"}";
    }

    private List<Claim> claimAdmitted(long worker) {
        admit();
        return db.claim(worker, 100);
    }

    private void admit() {
        settleAll();
        admit(db);
    }

    private static void admit(Session session) {
        while (session.row("select left_over from pgflow.admit_tasks()").truth("left_over")) {}
    }

    private void settleAll() {
        db.settle();
    }

    private void rule(String call) {
        db.rows("select * from pgflow." + call);
    }

    /** Claims, and completes, fails, releases or loses what it claimed, until every run has ended. */
    private static void work(Session session) {
        long worker = session.worker();
        int turn = 0;
        while (session.count("select count(*) from pgflow.runs where ended_at is null") > 0) {
            session.settle();
            session.fire();
            admit(session);
            List<Claim> claims = session.claim(worker, 2);
            for (Claim claim : claims) {
                turn++;
                if (turn % 7 == 0) {
                    session.fail(worker, claim, true, "0 seconds");
                } else if (turn % 11 == 0) {
                    session.row("select * from pgflow.retire_worker(?)", worker);
                    worker = session.worker();
                    break;
                } else {
                    session.complete(worker, claim);
                }
            }
        }
    }

    /** How many attempts ran at once at most, by the audit. */
    private long mostAtOnce() {
        return db.count("""
                select max(running)
                from (
                    select sum(case e.transition when 4 then 1 else -1 end) over (order by e.at, e.event_id) as running
                    from pgflow.events e
                    where e.transition in (4, 6, 7, 8, 9, 11)) r
                """);
    }
}
