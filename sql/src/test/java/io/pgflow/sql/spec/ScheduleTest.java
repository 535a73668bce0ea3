package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest extends Specification {
    private static final String NIGHTLY =
            "{\"workflow\": \"report\", \"cron\": \"30 2 * * *\", \"timeZone\": \"Europe/Berlin\"}";

    @BeforeEach
    void a_workflow_to_schedule() {
        db.define("report", "make -> send");
    }

    @Test
    void the_same_definition_again_changes_nothing() {
        assertThat(define("nightly", NIGHTLY)).isEqualTo("created");
        db.execute("update pgflow.schedules set next_at = '2040-01-01'");

        assertThat(define("nightly", NIGHTLY)).isEqualTo("unchanged");

        assertThat(value("next_at")).startsWith("2040-01-01");
        assertThat(history("nightly")).containsExactly("defined ada: because");
    }

    @Test
    void a_changed_definition_counts_from_now_on() {
        define("nightly", NIGHTLY);
        db.execute("update pgflow.schedules set next_at = '2040-01-01'");
        String before = value("decided_until");

        assertThat(define("nightly", NIGHTLY.replace("30 2", "45 2"))).isEqualTo("changed");

        assertThat(value("cron")).isEqualTo("45 2 * * *");
        assertThat(value("decided_until")).isGreaterThan(before);
        assertThat(db.texts("select name from pgflow.due_schedules()")).containsExactly("nightly");
        assertThat(history("nightly")).containsExactly("changed ada: because", "defined ada: because");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"workflow\": \"report\"}",
                "{\"workflow\": \"report\", \"cron\": \"* * * * *\"}",
                "{\"workflow\": \"report\", \"cron\": \"* * * * *\", \"timeZone\": \"UTC\", \"every\": \"PT1M\"}",
                "{\"workflow\": \"report\", \"every\": \"PT0.5S\"}",
                "{\"workflow\": \"report\", \"every\": \"PT1.5S\"}",
                "{\"workflow\": \"report\", \"every\": \"often\"}",
                "{\"workflow\": \"report\", \"every\": \"PT1M\", \"catchUp\": \"maybe\"}",
                "{\"workflow\": \"report\", \"every\": \"PT1M\", \"catchUpLimit\": 1001}",
                "{\"workflow\": \"report\", \"every\": \"PT1M\", \"overlap\": \"wait\"}",
                "{\"workflow\": \"report\", \"every\": \"PT1M\", \"priority\": 4}",
                "{\"workflow\": \"report\", \"every\": \"PT1M\", \"deadline\": \"PT0S\"}",
            })
    void a_definition_that_cannot_be_kept_is_refused(String definition) {
        assertThatThrownBy(() -> define("nightly", definition))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF004"));
        assertThat(db.count("select count(*) from pgflow.schedules")).isZero();
    }

    @Test
    void a_workflow_that_does_not_exist_cannot_be_scheduled() {
        assertThatThrownBy(() -> define("nightly", NIGHTLY.replace("report", "rapport")))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF001"));
        assertThatThrownBy(() -> define("Nightly", NIGHTLY))
                .isInstanceOfSatisfying(
                        SqlFailure.class, e -> assertThat(e.state()).isEqualTo("PF004"));
    }

    @Test
    void each_tick_starts_one_run_whose_input_is_the_tick() {
        define("nightly", NIGHTLY.replace("}", ", \"labels\": {\"tenant\": \"a\"}}"));

        Row advanced = advance("nightly", "2026-03-01T02:30Z", "2026-03-02T02:30Z");

        assertThat(advanced.integer("started")).isEqualTo(2);
        assertThat(advanced.list("woken_queues", String.class)).containsOnly("default");
        assertThat(db.texts("select input from pgflow.runs order by 1"))
                .containsExactly(
                        "{\"at\": \"2026-03-01T02:30:00Z\", \"schedule\": \"nightly\"}",
                        "{\"at\": \"2026-03-02T02:30:00Z\", \"schedule\": \"nightly\"}");
        assertThat(db.texts("select labels from pgflow.runs order by labels ->> 'tick' limit 1"))
                .containsExactly("{\"tick\": \"2026-03-01T02:30:00Z\", \"tenant\": \"a\", \"schedule\": \"nightly\"}");
        assertThat(db.texts("select actor from pgflow.audit where actor is not null"))
                .containsOnly("schedule nightly");
        assertThat(value("last_at")).startsWith("2026-03-02 02:30:00");
    }

    @Test
    void runs_get_the_input_priority_and_deadline_of_the_schedule_and_the_newest_version_of_the_workflow() {
        define("nightly", NIGHTLY.replace("}", ", \"input\": {\"a\": 1}, \"priority\": 1, \"deadline\": \"PT1H\"}"));
        db.define("report", "make -> check -> send");

        advance("nightly", "2026-03-01T02:30Z");

        assertThat(db.row(
                                "select r.input::text, r.priority, w.version from pgflow.runs r join pgflow.workflows w using (workflow_id)")
                        .columns()
                        .values())
                .containsExactly("{\"a\": 1}", 1, 2);
        assertThat(db.count("select count(*) from pgflow.deadlines")).isOne();
    }

    @Test
    void a_schedule_that_somebody_advanced_meanwhile_is_left_alone() {
        define("nightly", NIGHTLY);
        String seen = value("decided_until");
        advance("nightly", "2026-03-01T02:30Z");

        Row second = advance(session(), "nightly", seen, "2026-03-01T02:30Z");

        assertThat(second.integer("started")).isZero();
        assertThat(second.list("advanced", Long.class)).isEmpty();
        assertThat(db.count("select count(*) from pgflow.runs")).isOne();
    }

    @Test
    void of_two_processes_that_advance_a_schedule_at_once_one_starts_its_runs() {
        define("nightly", NIGHTLY);
        String seen = value("decided_until");

        Paused<Row> first = pauseAt("advance_schedules-locked", s -> advance(s, "nightly", seen, "2026-03-01T02:30Z"));
        Row second = advance(session(), "nightly", seen, "2026-03-01T02:30Z");

        assertThat(second.list("advanced", Long.class)).isEmpty();
        assertThat(first.resume().integer("started")).isOne();
        assertThat(db.count("select count(*) from pgflow.runs")).isOne();
    }

    @Test
    void no_tick_starts_a_second_run_even_when_it_is_decided_again() {
        define("nightly", NIGHTLY);
        backfill("nightly", "2026-03-01T02:30Z");

        Row advanced = advance("nightly", "2026-03-01T02:30Z", "2026-03-02T02:30Z");

        assertThat(advanced.integer("started")).isOne();
        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(2);
    }

    @Test
    void a_tick_whose_run_before_has_not_ended_is_skipped_where_runs_may_not_overlap() {
        define("nightly", NIGHTLY.replace("}", ", \"overlap\": \"skip\"}"));
        long worker = db.worker();
        advance("nightly", "2026-03-01T02:30Z", "2026-03-02T02:30Z");
        assertThat(db.count("select count(*) from pgflow.runs")).isOne();
        advance("nightly", "2026-03-03T02:30Z");
        assertThat(db.count("select count(*) from pgflow.runs")).isOne();

        db.drain(worker);
        advance("nightly", "2026-03-04T02:30Z");

        assertThat(db.texts("select labels ->> 'tick' from pgflow.runs order by 1"))
                .containsExactly("2026-03-01T02:30:00Z", "2026-03-04T02:30:00Z");
        assertThat(
                        db.texts(
                                "select event || ' ' || pgflow._tick_text(tick_at) from pgflow.schedule_history where actor is null order by 1"))
                .containsExactly("skipped 2026-03-02T02:30:00Z", "skipped 2026-03-03T02:30:00Z");
    }

    @Test
    void a_run_that_a_person_triggered_does_not_hide_one_of_a_tick_that_goes_on() {
        define("nightly", NIGHTLY.replace("}", ", \"overlap\": \"skip\"}"));
        long worker = db.worker();
        advance("nightly", "2026-03-01T02:30Z");
        db.claimOne(worker);
        db.row("select * from pgflow.trigger_schedule('nightly', gen_random_uuid(), 'ada', 'now')");
        db.complete(worker, db.claimOne(worker), "1");

        advance("nightly", "2026-03-02T02:30Z");

        assertThat(db.count("select count(*) from pgflow.runs")).isEqualTo(2);
    }

    @Test
    void a_tick_whose_run_cannot_start_is_noted_and_the_schedule_goes_on() {
        db.define("items", "each*");
        define("broken", NIGHTLY.replace("report", "items").replace("}", ", \"input\": 1}"));
        define("nightly", NIGHTLY);

        Row advanced = db.row("""
                select a.* from (
                    select array_agg(schedule_id order by schedule_id) as ids, array_agg(decided_until order by schedule_id) as expected
                    from pgflow.schedules) s
                cross join lateral pgflow.advance_schedules(
                    s.ids, s.expected, array_fill(now(), array[2]), array_fill(now() + interval '1 day', array[2]),
                    array_fill(null::timestamptz, array[2]), s.ids, array_fill(now(), array[2])) a
                """);

        assertThat(advanced.integer("started")).isOne();
        assertThat(advanced.list("advanced", Long.class)).hasSize(2);
        assertThat(
                        db.texts(
                                "select detail ->> 'problem' from pgflow.schedule_history where name = 'broken' and event = 'refused'"))
                .singleElement()
                .asString()
                .contains("the input is not an array");
    }

    @Test
    void a_paused_schedule_is_not_due_and_a_resumed_one_begins_anew() {
        define("nightly", NIGHTLY);
        assertThat(due()).containsExactly("nightly");

        assertThat(ask("pause")).isEqualTo("paused");
        assertThat(ask("pause")).isEqualTo("already paused");
        assertThat(due()).isEmpty();
        assertThat(advance("nightly", "2026-03-01T02:30Z").integer("started")).isZero();
        db.clock("1 day");
        assertThat(ask("resume")).isEqualTo("resumed");
        assertThat(ask("resume")).isEqualTo("not paused");

        assertThat(due()).containsExactly("nightly");
        assertThat(db.texts("select decided_until > now() + interval '23 hours' from pgflow.schedules"))
                .containsExactly("true");
        assertThat(history("nightly"))
                .containsExactly("resumed ada: because", "paused ada: because", "defined ada: because");
    }

    @Test
    void a_paused_schedule_that_is_changed_stays_paused() {
        define("nightly", NIGHTLY);
        ask("pause");

        define("nightly", NIGHTLY.replace("30 2", "45 2"));

        assertThat(due()).isEmpty();
        assertThat(value("paused")).isEqualTo("true");
    }

    @Test
    void a_deleted_schedule_leaves_its_runs_and_its_history() {
        define("nightly", NIGHTLY);
        advance("nightly", "2026-03-01T02:30Z");

        assertThat(ask("delete")).isEqualTo("deleted");
        assertThat(ask("delete")).isEqualTo("unknown");
        assertThat(ask("pause")).isEqualTo("unknown");
        assertThat(ask("resume")).isEqualTo("unknown");

        assertThat(db.count("select count(*) from pgflow.runs")).isOne();
        assertThat(history("nightly")).containsExactly("deleted ada: because", "defined ada: because");
    }

    @Test
    void a_person_may_start_a_run_of_a_paused_schedule_and_a_repeated_call_starts_no_second_one() {
        define("nightly", NIGHTLY);
        ask("pause");
        UUID id = UUID.randomUUID();

        Row first = db.row("select * from pgflow.trigger_schedule('nightly', ?, 'ada', 'now please')", id);
        Row again = db.row("select * from pgflow.trigger_schedule('nightly', ?, 'ada', 'now please')", id);

        assertThat(first.truth("created")).isTrue();
        assertThat(again.truth("created")).isFalse();
        assertThat(again.uuid("run_id")).isEqualTo(id);
        assertThat(db.count("select count(*) from pgflow.runs")).isOne();
        assertThat(history("nightly")).contains("triggered ada: now please");
        assertThat(db.row("select run_id from pgflow.trigger_schedule('weekly', ?, 'ada', 'x')", id)
                        .text("run_id"))
                .isNull();
    }

    @Test
    void ticks_of_the_past_are_filled_in_once() {
        define("nightly", NIGHTLY);

        Row first = backfill("nightly", "2026-03-01T02:30Z", "2026-03-02T02:30Z");
        Row again = backfill("nightly", "2026-03-02T02:30Z", "2026-03-03T02:30Z");

        assertThat(first.list("created", Boolean.class)).containsExactly(true, true);
        assertThat(again.list("created", Boolean.class)).containsExactly(false, true);
        assertThat(again.list("run_ids", UUID.class).get(0))
                .isEqualTo(first.list("run_ids", UUID.class).get(1));
        assertThat(history("nightly")).startsWith("backfilled ada: because", "backfilled ada: because");
        assertThat(db.row("select run_ids from pgflow.backfill_schedule('weekly', array[now()], 'ada', 'x')")
                        .text("run_ids"))
                .isNull();
    }

    @Test
    void a_schedule_whose_ticks_cannot_be_computed_is_paused_and_says_why() {
        define("nightly", NIGHTLY);

        assertThat(db.row(
                                "select pgflow.refuse_schedule(schedule_id, decided_until, 'the hour is not valid') as done from pgflow.schedules")
                        .truth("done"))
                .isTrue();
        assertThat(db.row(
                                "select pgflow.refuse_schedule(schedule_id, decided_until, 'the hour is not valid') as done from pgflow.schedules")
                        .truth("done"))
                .isFalse();

        assertThat(due()).isEmpty();
        assertThat(db.texts("select detail ->> 'problem' from pgflow.schedule_history where event = 'refused'"))
                .containsExactly("the hour is not valid");
    }

    @Test
    void of_entries_that_nobody_asked_for_the_newest_thousand_are_kept() {
        define("nightly", NIGHTLY);
        db.row("select pgflow._note_ticks('nightly', 'skipped', array(select t from generate_series(1, 1500) n"
                + " cross join lateral (select now() + n * interval '1 minute') x (t)), null, now())");

        db.row("select pgflow._note_ticks('nightly', 'skipped', array[now()], null, now())");

        assertThat(db.count("select count(*) from pgflow.schedule_history where actor is null"))
                .isEqualTo(1000);
        assertThat(db.texts("select event from pgflow.schedule_history where actor is not null"))
                .containsExactly("defined");
    }

    @Test
    void upkeep_knows_schedules_and_when_the_next_one_ticks() {
        assertThat(db.row("select schedules from pgflow.upkeep_due()").truth("schedules"))
                .isFalse();
        define("nightly", NIGHTLY);
        assertThat(db.row("select schedules from pgflow.upkeep_due()").truth("schedules"))
                .isTrue();

        advance("nightly");

        Row asked = db.row("select schedules, next_due_in > '23 hours' as waits from pgflow.upkeep_due()");
        assertThat(asked.truth("schedules")).isFalse();
        assertThat(asked.truth("waits")).isTrue();
    }

    private String define(String name, String definition) {
        Row row = db.row("select * from pgflow.define_schedule(?, ?::jsonb, 'ada', 'because')", name, definition);
        return row.truth("created") ? "created" : row.truth("changed") ? "changed" : "unchanged";
    }

    private Row advance(String name, String... ticks) {
        return advance(db, name, value("decided_until"), ticks);
    }

    /** Decides for these ticks, as a process does that saw the schedule when its ticks were decided up to then. */
    private static Row advance(Session session, String name, String expected, String... ticks) {
        return session.row("""
                select a.*
                from pgflow.schedules s
                cross join lateral pgflow.advance_schedules(
                    array[s.schedule_id], array[?::timestamptz], array[pgflow.clock()], array[pgflow.clock() + interval '1 day'],
                    array[null::timestamptz], array_fill(s.schedule_id, array[cardinality(?::text[])]), ?::text[]::timestamptz[]) a
                where s.name = ?
                """, expected, ticks, ticks, name);
    }

    private Row backfill(String name, String... ticks) {
        return db.row(
                "select * from pgflow.backfill_schedule(?, ?::text[]::timestamptz[], 'ada', 'because')", name, ticks);
    }

    private String ask(String verb) {
        return db.texts("select pgflow." + verb + "_schedule('nightly', 'ada', 'because')")
                .get(0);
    }

    private String value(String column) {
        return db.texts("select " + column + "::text from pgflow.schedules").get(0);
    }

    private List<String> due() {
        return db.texts("select name from pgflow.due_schedules()");
    }

    private List<String> history(String name) {
        return db.texts(
                "select event || ' ' || actor || ': ' || reason from pgflow.schedule_entries(?, null, 100) where actor is not null",
                name);
    }
}
