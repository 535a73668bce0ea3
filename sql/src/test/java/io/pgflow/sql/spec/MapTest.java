package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MapTest extends Specification {
    @Test
    void a_map_over_the_input_has_a_task_for_each_element() {
        db.define("flow", "each* -> sum");
        long worker = db.worker();

        UUID run = db.start("flow", "[10, {\"a\": 1}, null]");

        assertThat(db.states(run))
                .isEqualTo(
                        "RUNNING: each RUNNING, each[1] SCHEDULED, each[2] SCHEDULED, each[3] SCHEDULED, sum PENDING");
        assertThat(db.claim(worker, 10))
                .extracting(claim -> claim.item() + " " + claim.input())
                .containsExactlyInAnyOrder("1 10", "2 {\"a\": 1}", "3 null");
    }

    @Test
    void a_map_over_the_output_of_a_step_opens_when_it_ends() {
        db.define("flow", "list, other -> x; list -> each*; each -> sum");
        long worker = db.worker();
        UUID run = db.start("flow");
        Claim list = db.claim(worker, 2).get(0);

        assertThat(db.complete(worker, list, "[1, 2]").toSettle()).isTrue();

        assertThat(db.states(run)).contains("each RUNNING, each[1] SCHEDULED, each[2] SCHEDULED");
        assertThat(db.history(run))
                .containsSubsequence(
                        "list complete", "each schedule", "each open", "each[1] enqueue", "each[2] enqueue");
    }

    @Test
    void outputs_are_collected_in_the_order_of_the_items_also_empty_ones() {
        db.define("flow", "each* -> sum");
        long worker = db.worker();
        UUID run = db.start("flow", "[1, 2, 3, 4, 5]");
        List<Claim> items = new ArrayList<>(db.claim(worker, 10));
        items.sort(Comparator.comparing(Claim::item));
        List<String> outputs = List.of("null", "0", "false", "\"\"", "{\"five\": 5}");
        Collections.reverse(items);

        for (Claim item : items) {
            db.complete(worker, item, outputs.get(item.item() - 1));
        }
        db.settle();

        assertThat(db.output(run, "each")).isEqualTo("[null, 0, false, \"\", {\"five\": 5}]");
        assertThat(db.claimOne(worker).outputs()).isEqualTo("{\"each\": [null, 0, false, \"\", {\"five\": 5}]}");
    }

    @Test
    void an_empty_array_gives_an_empty_array() {
        db.define("flow", "list -> each*; each -> sum");
        long worker = db.worker();
        UUID run = db.start("flow");

        assertThat(db.complete(worker, db.claimOne(worker), "[]").toSettle()).isTrue();
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: list SUCCEEDED, each SUCCEEDED, sum SCHEDULED");
        assertThat(db.output(run, "each")).isEqualTo("[]");
    }

    @Test
    void a_map_over_something_that_is_no_array_fails_the_run() {
        db.define("flow", "list, other; list -> each*; each -> sum");
        long worker = db.worker();
        for (String output : new String[] {"{\"a\": 1}", "7", "null", null}) {
            UUID run = db.start("flow");
            db.complete(worker, db.claimOne(worker), output);
            db.settle();

            assertThat(db.states(run)).isEqualTo("FAILED: list SUCCEEDED, other CANCELLED, each FAILED, sum CANCELLED");
            assertThat(db.texts(
                            "select error ->> 'step' || ' ' || (error -> 'error' ->> 'code') from pgflow.runs where run_id = ?",
                            run))
                    .containsExactly("each PGF-DAT-010");
        }
    }

    @Test
    void an_array_that_is_too_long_fails_the_run() {
        db.define("flow", "list -> each*");
        long worker = db.worker();
        UUID run = db.start("flow");
        String tooLong = "[1" + ",1".repeat(100_000) + "]";

        db.complete(worker, db.claimOne(worker), tooLong);
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: list SUCCEEDED, each FAILED");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-DAT-011");
    }

    @Test
    void a_map_of_100_000_items_runs_to_its_end() {
        db.define("flow", "each*");
        long worker = db.worker();
        UUID run = db.start("flow", "[1" + ",1".repeat(99_999) + "]");
        db.settle();

        for (List<Claim> claims = db.claim(worker, 5000); !claims.isEmpty(); claims = db.claim(worker, 5000)) {
            db.complete(worker, claims, "7");
        }
        db.settle();

        assertThat(db.texts("select state from pgflow.runs where run_id = ?", run))
                .containsExactly("SUCCEEDED");
        assertThat(db.count("select jsonb_array_length(output) from pgflow.tasks where item = 0"))
                .isEqualTo(100_000);
    }

    @Test
    void a_map_over_a_map_gets_its_collected_outputs() {
        db.define("flow", "first* -> second*; second -> sum");
        long worker = db.worker();
        UUID run = db.start("flow", "[1, 2]");

        db.claim(worker, 10).forEach(item -> db.complete(worker, item, "\"item " + item.input() + "\""));
        db.settle();
        assertThat(db.claim(worker, 10))
                .extracting(claim -> claim.item() + " " + claim.input())
                .containsExactlyInAnyOrder("1 \"item 1\"", "2 \"item 2\"");

        db.cancel(run);
    }

    @Test
    void an_item_that_fails_for_good_fails_the_run_and_cancels_the_rest() {
        db.define("flow", "each* -> sum");
        long worker = db.worker();
        UUID run = db.start("flow", "[1, 2, 3]");
        List<Claim> items = db.claim(worker, 2).stream()
                .sorted(Comparator.comparing(Claim::item))
                .toList();
        db.complete(worker, items.get(0));

        db.failForGood(worker, items.get(1));

        assertThat(db.states(run))
                .isEqualTo(
                        "FAILED: each CANCELLED, each[1] SUCCEEDED, each[2] FAILED, each[3] CANCELLED, sum CANCELLED");
        assertThat(db.texts("select error ->> 'item' from pgflow.runs")).containsExactly("1");
        assertThat(db.count("select count(*) from pgflow.unsettled_steps")).isZero();
    }

    @Test
    void two_reporters_of_the_last_items_that_settle_at_the_same_time_end_the_map_once() {
        db.define("flow", "each* -> sum");
        long worker = db.worker();
        UUID run = db.start("flow", "[1, 2]");
        List<Claim> items = db.claim(worker, 10);
        db.complete(worker, items.get(0));

        Paused<Integer> first = pauseAt("settle_steps-locked", s -> {
            s.settle();
            return 1;
        });
        session().complete(worker, items.get(1));
        Paused<Integer> second = Paused.blocked(session(), session(), s -> {
            s.settle();
            return 2;
        });
        first.resume();
        second.finish();

        assertThat(db.history(run)).containsOnlyOnce("each complete");
        assertThat(db.states(run)).endsWith("sum SCHEDULED");
    }

    @Test
    void the_items_handlers_can_ask_for_the_inputs_of_their_step() {
        db.define("flow", "list -> each*");
        long worker = db.worker();
        UUID run = db.start("flow", "{\"in\": 1}");
        db.complete(worker, db.claimOne(worker), "[5]");

        Row inputs = db.row("select * from pgflow.step_inputs(?, 2::smallint)", run);

        assertThat(inputs.text("input")).isEqualTo("{\"in\": 1}");
        assertThat(inputs.text("outputs")).isEqualTo("{\"list\": [5]}");
    }

    @Test
    void ten_thousand_items_are_completed_by_four_connections_in_batches() {
        db.define("flow", "each* -> sum");
        long worker = db.worker();
        UUID run = db.start(
                "flow", IntStream.rangeClosed(1, 10_000).boxed().toList().toString());

        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Session session = session();
            threads.add(CompletableFuture.runAsync(() -> completeItems(session, worker)));
        }
        threads.forEach(CompletableFuture::join);
        db.settle();

        assertThat(db.history(run)).containsOnlyOnce("each complete", "sum schedule");
        assertThat(db.count(
                        "select count(*) from pgflow.tasks t, jsonb_array_elements(t.output) with ordinality o (value, n)"
                                + " where t.item = 0 and t.step = 1 and o.value::text::int = o.n * 2"))
                .isEqualTo(10_000);
        assertThat(db.claimOne(worker).name()).isEqualTo("sum");
    }

    private static void completeItems(Session session, long worker) {
        List<Claim> items = claimItems(session, worker);
        while (!items.isEmpty()) {
            List<String> doubled = items.stream()
                    .map(item -> String.valueOf(2 * Integer.parseInt(String.valueOf(item.input()))))
                    .toList();
            session.complete(worker, items, doubled);
            session.settle();
            items = claimItems(session, worker);
        }
    }

    private static List<Claim> claimItems(Session session, long worker) {
        return session.claim(worker, 100).stream()
                .filter(claim -> {
                    if (claim.item() == 0) {
                        session.row(
                                "select * from pgflow.release_tasks(?, ?, ?, ?, ?)",
                                worker,
                                Session.ids(List.of(claim)),
                                Session.steps(List.of(claim)),
                                Session.items(List.of(claim)),
                                Session.fences(List.of(claim)));
                    }
                    return claim.item() > 0;
                })
                .toList();
    }
}
