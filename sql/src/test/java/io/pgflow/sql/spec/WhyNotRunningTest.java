package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Why a task is not running, in one question. */
class WhyNotRunningTest extends Specification {

    @Test
    void it_waits_for_those_parents_that_have_not_ended() {
        db.define("join", "a, b, c -> j");
        long worker = db.worker();
        UUID run = db.start("join");
        db.complete(worker, db.claimOne(worker));
        db.claimOne(worker);

        assertThat(why(run, "j", 0)).containsExactly("parents: it waits for b (RUNNING), c (SCHEDULED)");
        assertThat(detail(run, "j"))
                .isEqualTo(
                        "{\"parents\": [{\"step\": \"b\", \"state\": \"RUNNING\"}, {\"step\": \"c\", \"state\": \"SCHEDULED\"}]}");
    }

    @Test
    void it_waits_for_its_next_attempt() {
        db.define("single", "work(maxAttempts 4, retryDelay PT1H)");
        long worker = db.worker();
        UUID run = db.start("single");
        db.fail(worker, db.claimOne(worker));

        assertThat(why(run, "work", 0))
                .singleElement()
                .asString()
                .startsWith("backoff: attempt 1 of 4 failed; the next one is due at 20");
        assertThat(detail(run, "work")).contains("\"error\": {\"message\": \"no luck\"}", "\"due_at\": \"20");
    }

    @Test
    void it_waits_for_an_answer_or_for_a_run_that_it_started() {
        db.define("single", "work");
        db.defineJson("{\"name\": \"outer\", \"steps\": [{\"name\": \"sub\", \"workflow\": \"single\"}]}");
        UUID run = db.start("single");
        new Deferring(db).next(db.worker(), "1 hour");
        UUID outer = db.start("outer");
        db.settle();

        assertThat(why(run, "work", 0))
                .singleElement()
                .asString()
                .startsWith("token: it waits for somebody outside to answer, until 20");
        assertThat(detail(run, "work")).contains("\"heard_at\": \"20");
        assertThat(why(outer, "sub", 0))
                .singleElement()
                .asString()
                .startsWith("run: it waits for run ")
                .endsWith(" of workflow single");
    }

    @Test
    void people_are_asked() {
        db.defineJson("""
                {"name": "asks", "steps": [
                  {"name": "release", "approval": {"question": "May it go?", "roles": ["boss", "owner"], "actors": ["eve"],
                                                   "quorum": 2, "within": "PT1H"}},
                  {"name": "look", "approval": {"question": "Is it good?"}}]}
                """);
        UUID run = db.start("asks");
        db.settle();
        db.row("select * from pgflow.decide_approval(null, ?, 'release', 'ada', '{boss}', 'approve')", run);

        assertThat(why(run, "release", 0))
                .singleElement()
                .asString()
                .startsWith("approval: it waits for somebody who is boss or owner or eve to decide: May it go?"
                        + " (1 of 2 have), until 20");
        assertThat(detail(run, "release"))
                .contains(
                        "\"question\": \"May it go?\"",
                        "\"roles\": [\"boss\", \"owner\"]",
                        "\"actors\": [\"eve\"]",
                        "\"votes\": 1",
                        "\"quorum\": 2",
                        "\"approval_id\": ",
                        "\"until\": \"20");
        assertThat(why(run, "look", 0)).containsExactly("approval: it waits for anybody to decide: Is it good?");
    }

    @Test
    void its_run_has_not_begun() {
        db.define("single", "work");
        UUID run = db.startDelayed("single", "1 hour");

        assertThat(why(run, "work", 0)).singleElement().asString().startsWith("delayed: its run begins at 20");
    }

    @Test
    void nobody_works_on_its_queue_or_nobody_has_its_handler() {
        db.define("single", "work");
        UUID run = db.start("single");
        assertThat(why(run, "work", 0))
                .containsExactly(
                        "no_worker: no living worker works on queue default",
                        "queue: it is next in queue default and waits for a free slot of a worker");

        db.workerWith("other.work");

        assertThat(why(run, "work", 0))
                .contains("no_handler: none of the 1 living workers on queue default has handler single.work");
    }

    @Test
    void the_limits_of_its_step_have_no_room() {
        db.define("single", "work", "work", "\"concurrency\": [{\"limit\": 1}]");
        db.worker();
        db.start("single");
        UUID run = db.start("single");
        db.settle();

        assertThat(why(run, "work", 0))
                .containsExactly("limit: it waits at the gate until the limits of its step have room (limits_in_use)");
        assertThat(detail(run, "work")).contains("\"limit\": 1");
    }

    @Test
    void others_come_before_it_in_its_queue() {
        db.define("single", "work");
        db.worker();
        db.row("select pgflow.start_run('single', '1', p_priority => 1)");
        db.start("single");
        UUID run = db.start("single");

        assertThat(why(run, "work", 0)).containsExactly("queue: 2 tasks come before it in queue default");
    }

    @Test
    void something_is_paused() {
        db.define("single", "work");
        db.worker();
        UUID run = db.start("single");
        db.rows("select * from pgflow.pause('workflow', '{single}', 'ada', 'maintenance')");
        db.rows("select * from pgflow.pause('run', array[?::text], 'bob', null)", run);

        assertThat(why(run, "work", 0))
                .startsWith(
                        "paused: workflow single is paused by ada: maintenance",
                        "paused: run " + run + " is paused by bob");
    }

    @Test
    void a_map_waits_for_its_items_and_an_item_for_its_turn() {
        db.define("map", "each*(atOnce 1)");
        long worker = db.worker();
        UUID run = db.start("map", "[1, 2, 3]");
        db.claimOne(worker);

        assertThat(why(run, "each", 0)).containsExactly("items: it waits for 3 items of its map");
        assertThat(why(run, "each", 3))
                .containsExactly("turn: it waits for its turn: at most 1 items are on their way at once, and 2 wait");
        assertThat(why(run, "each", 1))
                .singleElement()
                .asString()
                .startsWith("running: it is running, attempt 1 on worker worker");
        assertThat(why(run, "each", 4)).containsExactly("unknown: the map has no such item");
    }

    @Test
    void it_sleeps_or_waits_for_a_signal() {
        db.defineJson(
                "{\"name\": \"waits\", \"steps\": [{\"name\": \"nap\", \"sleep\": \"PT1H\"}, {\"name\": \"hear\", \"signal\": \"paid\"}]}");
        UUID run = db.start("waits");
        db.settle();

        assertThat(why(run, "nap", 0)).singleElement().asString().startsWith("sleep: it sleeps until 20");
        assertThat(why(run, "hear", 0)).containsExactly("signal: it waits for signal paid");
    }

    @Test
    void its_condition_is_about_to_be_decided() {
        db.define("choice", "a", "a", "\"when\": {\"$from\": \"$input\", \"exists\": true}");
        UUID run = db.start("choice", "1");

        assertThat(why(run, "a", 0)).singleElement().asString().startsWith("settle: it waits for nothing");
    }

    @Test
    void it_has_ended_and_its_run_has() {
        db.define("chain", "a -> b");
        long worker = db.worker();
        UUID run = db.start("chain");
        db.skip(run, "b");
        db.cancel(run);

        assertThat(why(run, "a", 0))
                .containsExactly(
                        "ended: it has ended: CANCELLED, since its run was cancelled or failed (ada)",
                        "run_ended: its run has ended: CANCELLED; retry_runs lets it go on");
        assertThat(why(run, "b", 0).get(0)).isEqualTo("ended: it has ended: SKIPPED, since a person decided (ada)");
        assertThat(detail(run, "b")).contains("\"reason\": \"not needed\"");
        assertThat(worker).isPositive();
    }

    @Test
    void there_is_no_such_run_or_step_or_the_map_has_not_opened() {
        db.define("map", "a -> each*");
        UUID run = db.start("map");

        assertThat(why(UUID.randomUUID(), "a", 0)).containsExactly("unknown: there is no such run");
        assertThat(why(run, "b", 0)).containsExactly("unknown: its workflow has no such step");
        assertThat(why(run, "each", 1)).containsExactly("unknown: the items are not there yet: the map has not opened");
    }

    private List<String> why(UUID run, String step, int item) {
        return db.texts("select code || ': ' || reason from pgflow.why_not_running(?, ?, ?)", run, step, item);
    }

    private String detail(UUID run, String step) {
        return String.valueOf(db.rows("select * from pgflow.why_not_running(?, ?)", run, step)
                .get(0)
                .text("detail"));
    }
}
