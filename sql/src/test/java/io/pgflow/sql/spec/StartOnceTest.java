package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One run stands for several starts with a key: while it is unfinished, for a period, or until it begins. */
class StartOnceTest extends Specification {
    private long flow;
    private long worker;

    @BeforeEach
    void a_workflow() {
        flow = db.define("flow", "a");
        worker = db.worker();
    }

    @Test
    void while_a_run_is_unfinished_another_start_gives_it() {
        Row first = start("unfinished", "k", "1", null, null);
        Row second = start("unfinished", "k", "2", null, null);
        Row other = start("unfinished", "other", "3", null, null);

        assertThat(first.text("outcome")).isEqualTo("started");
        assertThat(second.text("outcome")).isEqualTo("existing");
        assertThat(second.uuid("run_id")).isEqualTo(first.uuid("run_id"));
        assertThat(other.text("outcome")).isEqualTo("started");

        db.drain(worker);
        assertThat(start("unfinished", "k", "4", null, null).text("outcome")).isEqualTo("started");
    }

    @Test
    void for_a_period_another_start_gives_the_first_run_even_when_it_has_ended() {
        UUID first = start("within", "k", "1", "1 hour", null).uuid("run_id");
        db.drain(worker);
        db.clock("59 minutes");
        assertThat(start("within", "k", "2", "1 hour", null).uuid("run_id")).isEqualTo(first);

        db.clock("61 minutes");
        Row next = start("within", "k", "3", "1 hour", null);
        assertThat(next.text("outcome")).isEqualTo("started");
        assertThat(next.uuid("run_id")).isNotEqualTo(first);
    }

    @Test
    void a_start_that_is_asked_again_because_its_answer_was_lost_is_the_same_one() {
        UUID id = UUID.randomUUID();
        for (String how : new String[] {"unfinished", "within", "debounce"}) {
            id = UUID.randomUUID();
            assertThat(start(id, how, "k", "1", "1 hour", "2 hours").text("outcome"))
                    .isEqualTo("started");
            assertThat(start(id, how, "k", "1", "1 hour", "2 hours").uuid("run_id"))
                    .isEqualTo(id);
        }
        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(3);
    }

    @Test
    void a_debounced_run_begins_when_nobody_has_asked_for_a_while_with_the_last_input() {
        Row first = start("debounce", "k", "1", "10 seconds", "1 minute");
        db.clock("8 seconds");
        Row second = start("debounce", "k", "2", "10 seconds", "1 minute");

        assertThat(second.text("outcome")).isEqualTo("replaced");
        assertThat(second.uuid("run_id")).isEqualTo(first.uuid("run_id"));
        db.clock("12 seconds");
        assertThat(db.fire()).isZero();
        db.clock("19 seconds");
        assertThat(db.fire()).isEqualTo(1);
        assertThat(db.claimOne(worker).input()).isEqualTo("2");
    }

    @Test
    void a_debounced_run_waits_no_longer_than_its_maximum() {
        start("debounce", "k", "1", "10 seconds", "15 seconds");
        db.clock("9 seconds");
        assertThat(start("debounce", "k", "2", "10 seconds", "15 seconds").text("outcome"))
                .isEqualTo("replaced");

        db.clock("15.5 seconds");
        assertThat(db.fire()).isEqualTo(1);
        assertThat(start("debounce", "k", "3", "10 seconds", "15 seconds").text("outcome"))
                .isEqualTo("started");
    }

    @Test
    void a_debounced_start_of_a_newer_version_takes_the_place_of_an_older_one() {
        UUID old = start("debounce", "k", "1", "10 seconds", "1 minute").uuid("run_id");
        flow = db.define("flow", "a -> b");

        assertThat(start("debounce", "k", "2", "10 seconds", "1 minute").text("outcome"))
                .isEqualTo("started");
        assertThat(db.states(old)).startsWith("CANCELLED");
    }

    @Test
    void the_deadline_of_a_debounced_run_moves_with_its_beginning() {
        flow = db.defineJson(
                        "{\"name\": \"late\", \"deadline\": \"PT1M\", \"steps\": [{\"name\": \"a\", \"handler\": \"late.a\"}]}")
                .number("workflow_id");
        worker = db.worker();
        for (int second = 0; second <= 80; second += 20) {
            db.clock(second + " seconds");
            start("debounce", "k", String.valueOf(second), "30 seconds", "10 minutes");
        }

        db.clock("111 seconds");
        assertThat(db.row("select fired from pgflow.fire_deadlines()").number("fired"))
                .isZero();
        assertThat(db.fire()).isEqualTo(1);
        assertThat(db.claimOne(worker).input()).isEqualTo("80");
        db.clock("171 seconds");
        assertThat(db.row("select fired from pgflow.fire_deadlines()").number("fired"))
                .isEqualTo(1);
    }

    @Test
    void a_start_that_is_repeated_changes_nothing_that_came_after_it() {
        UUID first = UUID.randomUUID();
        UUID second = UUID.randomUUID();
        debounce(first, "1");
        debounce(second, "2");
        debounce(UUID.randomUUID(), "3");

        Row again = debounce(second, "2");
        assertThat(again.text("outcome")).isEqualTo("replaced");
        assertThat(again.uuid("run_id")).isEqualTo(first);
        assertThat(debounce(first, "1").text("outcome")).isEqualTo("started");
        db.clock("1 hour");
        db.fire();
        assertThat(db.claimOne(worker).input()).isEqualTo("3");

        UUID next = debounce(UUID.randomUUID(), "4").uuid("run_id");
        assertThat(debounce(second, "2").uuid("run_id")).isEqualTo(first);
        assertThat(debounce(first, "1").uuid("run_id")).isEqualTo(first);
        assertThat(db.texts("select input from pgflow.runs where run_id = ?", next))
                .containsExactly("4");
        db.execute("delete from pgflow.start_keys");
        assertThat(debounce(second, "2").uuid("run_id")).isEqualTo(first);
        assertThat(db.count("select count(*) from pgflow.start_keys")).isZero();
        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(2);
    }

    @Test
    void the_history_says_who_gave_a_run_another_input() {
        UUID run = debounce(UUID.randomUUID(), "1").uuid("run_id");
        UUID second = UUID.randomUUID();
        debounce(db, second, "2", "grace");

        assertThat(db.texts(
                        "select event || ' ' || coalesce(actor, '') from pgflow.run_events(?) where step is null", run))
                .containsExactly("workflow_pending ada", "workflow_replaced grace");
        assertThat(db.texts(
                        "select detail ->> 'start' from pgflow.run_events(?) where event = 'workflow_replaced'"
                                + " and detail ->> 'input' = encode(sha256('2'), 'hex')"
                                + " and detail ->> 'inputBefore' = encode(sha256('1'), 'hex')",
                        run))
                .containsExactly(second.toString());
    }

    @Test
    void with_four_eyes_nobody_whose_start_the_run_stands_for_decides() {
        flow = asking("paying");
        UUID run = debounce(db, UUID.randomUUID(), "1", "alice").uuid("run_id");
        debounce(db, UUID.randomUUID(), "2", "bob");
        db.clock("1 hour");
        db.fire();
        db.settle();

        assertThat(decide(run, "alice")).isEqualTo("notAllowed");
        assertThat(decide(run, "bob")).isEqualTo("notAllowed");
        assertThat(db.rows("select * from pgflow.list_approvals('bob', '{}', null, 10)"))
                .isEmpty();
        assertThat(decide(run, "carol")).isEqualTo("decided");
    }

    @Test
    void with_four_eyes_every_start_that_the_run_stands_for_has_an_actor() {
        flow = asking("paying");
        UUID run = debounce(db, UUID.randomUUID(), "1", "alice").uuid("run_id");
        debounce(db, UUID.randomUUID(), "2", null);
        db.clock("1 hour");
        db.fire();
        db.settle();

        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs where run_id = ?", run))
                .containsExactly("PGF-RUN-015");
    }

    @Test
    void the_keys_of_a_run_go_with_it() {
        UUID run = debounce(UUID.randomUUID(), "1").uuid("run_id");
        debounce(UUID.randomUUID(), "2");
        db.clock("1 hour");
        db.fire();
        db.drain(worker);
        assertThat(db.states(run)).startsWith("SUCCEEDED");

        db.row("select * from pgflow.prune_runs('{SUCCEEDED}', '0 seconds')");

        assertThat(db.count("select count(*) from pgflow.start_keys")).isZero();
        assertThat(db.count("select count(*) from pgflow.replaced_starts")).isZero();
    }

    @Test
    void who_removes_runs_waits_for_nobody_who_starts_one_with_their_key() {
        start("unfinished", "k", "1", null, null);
        db.drain(worker);
        Paused<Row> next = pauseAt("start_once-locked", session -> start(session, "unfinished"));

        assertThat(db.row("select pruned from pgflow.prune_runs('{SUCCEEDED}', '0 seconds')")
                        .number("pruned"))
                .isEqualTo(1);
        next.resume();
        assertThat(start("unfinished", "k", "2", null, null).text("outcome")).isEqualTo("existing");
    }

    @Test
    void two_starts_at_the_same_time_wait_for_each_other_and_start_one_run() {
        Paused<Row> first = pauseAt("start_once-locked", session -> start(session, "unfinished"));
        Paused<Row> second = Paused.blocked(session(), session(), session -> start(session, "unfinished"));
        UUID started = first.resume().uuid("run_id");

        assertThat(second.finish().uuid("run_id")).isEqualTo(started);
        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(1);
    }

    @Test
    void keys_that_stand_for_nothing_any_more_are_dropped() {
        start("unfinished", "a", "1", null, null);
        start("within", "b", "1", "2 hours", null);
        db.drain(worker);
        UUID unfinished = start("unfinished", "c", "1", null, null).uuid("run_id");
        db.clock("3 hours");
        start("within", "d", "1", "2 hours", null);

        assertThat(db.texts("select start_key from pgflow.start_keys order by 1"))
                .containsExactly("unfinished c", "within d");
        assertThat(start("unfinished", "c", "2", null, null).uuid("run_id")).isEqualTo(unfinished);
    }

    @Test
    void a_key_is_kept_as_long_as_the_longest_period_that_was_asked_for() {
        UUID first = start("within", "k", "1", "1 hour", null).uuid("run_id");
        db.drain(worker);
        db.clock("2 hours");
        assertThat(start("within", "k", "2", "3 hours", null).uuid("run_id")).isEqualTo(first);
        start("within", "another", "1", "1 hour", null);

        assertThat(start("within", "k", "3", "3 hours", null).uuid("run_id")).isEqualTo(first);
    }

    @Test
    void nobody_waits_for_a_start_that_may_drop_the_key_as_an_old_one() {
        start("unfinished", "old", "1", null, null);
        db.drain(worker);
        Paused<Row> first = pauseAt("start_once-locked", session -> {
            session.clock("3 hours");
            return start(session, "unfinished");
        });
        db.clock("3 hours");
        Paused<Row> second = Paused.begun(
                session(), db, session -> start(session, UUID.randomUUID(), "unfinished", "old", "2", null, null));

        assertThat(second.finish().text("outcome")).isEqualTo("started");
        assertThat(first.resume().text("outcome")).isEqualTo("started");
    }

    @ParameterizedTest
    @CsvSource({
        "sometimes,k,1 hour,1 hour",
        "within,k,,",
        "within,k,0 seconds,",
        "debounce,k,1 hour,1 minute",
        "unfinished,,,"
    })
    void what_cannot_stand_for_a_run_is_refused(
            String how, @Nullable String key, @Nullable String period, @Nullable String maxWait) {
        assertThatThrownBy(() -> start(UUID.randomUUID(), how, key, "1", period, maxWait))
                .isInstanceOfSatisfying(
                        SqlFailure.class, refused -> assertThat(refused.state()).isEqualTo("PF004"));
    }

    private long asking(String name) {
        return db.defineJson("{\"name\": \"" + name + "\", \"steps\": [{\"name\": \"ok\","
                        + " \"approval\": {\"question\": \"Pay?\", \"fourEyes\": true}}]}")
                .number("workflow_id");
    }

    private @Nullable String decide(UUID run, String actor) {
        return db.row("select outcome from pgflow.decide_approval(null, ?, 'ok', ?, '{}', 'approve')", run, actor)
                .text("outcome");
    }

    private Row debounce(UUID id, String input) {
        return debounce(db, id, input, "ada");
    }

    private Row debounce(Session session, UUID id, String input, @Nullable String actor) {
        return session.row(
                "select * from pgflow.start_once(?, ?, ?::jsonb, null, 2::smallint, ?, 'debounce', 'k', '1 minute', '1 hour')",
                id,
                flow,
                input,
                actor);
    }

    private Row start(String how, String key, String input, @Nullable String period, @Nullable String maxWait) {
        return start(UUID.randomUUID(), how, key, input, period, maxWait);
    }

    private Row start(Session session, String how) {
        return start(session, UUID.randomUUID(), how, "k", "1", null, null);
    }

    private Row start(
            UUID id,
            String how,
            @Nullable String key,
            String input,
            @Nullable String period,
            @Nullable String maxWait) {
        return start(db, id, how, key, input, period, maxWait);
    }

    private Row start(
            Session session,
            UUID id,
            String how,
            @Nullable String key,
            String input,
            @Nullable String period,
            @Nullable String maxWait) {
        return session.row(
                "select * from pgflow.start_once(?, ?, ?::jsonb, null, 2::smallint, 'ada', ?, ?, ?::interval, ?::interval)",
                id,
                flow,
                input,
                how,
                key,
                period,
                maxWait);
    }
}
