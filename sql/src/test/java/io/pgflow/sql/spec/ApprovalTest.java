package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApprovalTest extends Specification {
    @Test
    void a_step_asks_and_its_output_is_what_was_decided() {
        UUID run = ask("\"roles\": [\"finance\"]");
        assertThat(db.states(run)).isEqualTo("RUNNING: ok RUNNING");
        assertThat(db.texts("select deferred from pgflow.tasks")).containsExactly("approval");

        assertThat(decide(run, "ada", "finance", "approve")).isEqualTo("decided");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: ok SUCCEEDED");
        assertThat(db.row(
                                "select output ->> 'choice' as choice, output -> 'votes' -> 0 ->> 'actor' as actor from pgflow.tasks")
                        .columns())
                .containsEntry("choice", "approve")
                .containsEntry("actor", "ada");
        assertThat(db.texts("select actor from pgflow.run_events(?) where event = 'task_completed'", run))
                .containsExactly("ada");
    }

    @Test
    void a_rejection_is_an_output_like_another_for_conditions_to_read() {
        db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"ok\", \"approval\": {\"question\": \"Pay?\"}},"
                + " {\"name\": \"pay\", \"handler\": \"flow.pay\", \"after\": [\"ok\"],"
                + " \"when\": {\"$from\": \"ok\", \"pointer\": \"/choice\", \"eq\": \"approve\"}}]}");
        UUID run = db.start("flow");
        db.settle();

        decide(run, "ada", "", "reject");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: ok SUCCEEDED, pay SKIPPED");
    }

    @Test
    void a_rejection_can_fail_the_step_and_onFailure_applies() {
        UUID run = ask("\"rejectionFails\": true");
        decide(run, "ada", "", "reject");
        db.settle();
        assertThat(db.states(run)).isEqualTo("FAILED: ok FAILED");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-RUN-017");

        db.defineJson("{\"name\": \"mild\", \"steps\": [{\"name\": \"ok\", \"onFailure\": \"skip\","
                + " \"approval\": {\"question\": \"Pay?\", \"rejectionFails\": true}}]}");
        UUID mild = db.start("mild");
        db.settle();
        decide(mild, "ada", "", "reject");
        db.settle();
        assertThat(db.states(mild)).isEqualTo("SUCCEEDED: ok SKIPPED");
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
                    ada, finance, decided
                    ada, sales, notAllowed
                    ada, -, notAllowed
                    bob, -, decided
                    '', finance, notAllowed
                    -, finance, notAllowed
                    """)
    void who_has_a_role_or_is_named_may_decide(@Nullable String actor, @Nullable String role, String outcome) {
        UUID run = ask("\"roles\": [\"finance\", \"head\"], \"actors\": [\"bob\"]");

        assertThat(decide(run, actor, role, "approve")).isEqualTo(outcome);
    }

    @Test
    void so_many_different_people_must_agree() {
        UUID run = ask("\"quorum\": 2");

        assertThat(decide(run, "ada", "", "approve")).isEqualTo("voted");
        assertThat(decide(run, "ada", "", "approve")).isEqualTo("voted");
        assertThat(decide(run, "ada", "", "reject")).isEqualTo("alreadyVoted");
        assertThat(db.count("select count(*) from pgflow.approval_votes")).isEqualTo(1);
        assertThat(decide(run, "bob", "", "approve")).isEqualTo("decided");
        assertThat(decide(run, "eve", "", "approve")).isEqualTo("alreadyDecided");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: ok SUCCEEDED");
        assertThat(db.texts("select jsonb_array_length(output -> 'votes') from pgflow.tasks"))
                .containsExactly("2");
    }

    @Test
    void one_is_enough_to_reject() {
        UUID run = ask("\"quorum\": 3");
        decide(run, "ada", "", "approve");

        assertThat(decide(run, "bob", "", "reject")).isEqualTo("decided");
    }

    @Test
    void who_started_the_run_must_not_decide_where_four_eyes_are_wanted() {
        define("\"fourEyes\": true");
        UUID run = startedBy("ada");
        db.settle();

        assertThat(decide(run, "ada", "", "approve")).isEqualTo("notAllowed");
        assertThat(db.rows("select * from pgflow.list_approvals('ada', '{}', null, 10)"))
                .isEmpty();
        assertThat(db.rows("select * from pgflow.list_approvals('bob', '{}', null, 10)"))
                .hasSize(1);
        assertThat(decide(run, "bob", "", "approve")).isEqualTo("decided");
    }

    @Test
    void four_eyes_need_to_know_who_started_the_run() {
        UUID run = ask("\"fourEyes\": true");

        assertThat(db.states(run)).isEqualTo("FAILED: ok FAILED");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs"))
                .containsExactly("PGF-RUN-015");
    }

    @Test
    void a_deadline_rejects_and_a_decision_after_it_does_not_count() {
        UUID run = ask("\"within\": \"PT1H\"");
        db.clock("61 minutes");
        assertThat(decide(run, "ada", "", "approve")).isEqualTo("expired");

        db.fire();
        assertThat(decide(run, "ada", "", "approve")).isEqualTo("expired");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: ok SUCCEEDED");
        assertThat(db.row("select output ->> 'choice' as choice, output ->> 'expired' as expired from pgflow.tasks")
                        .columns())
                .containsEntry("choice", "reject")
                .containsEntry("expired", "true");
    }

    @Test
    void a_deadline_can_ask_others_each_with_a_deadline_of_their_own() {
        UUID run = ask(
                "\"roles\": [\"clerk\"], \"within\": \"PT1H\", \"quorum\": 2,"
                        + " \"escalate\": [{\"roles\": [\"head\"], \"within\": \"PT1H\"}, {\"actors\": [\"boss\"], \"within\": \"PT1H\"}]");
        decide(run, "ada", "clerk", "approve");
        db.clock("61 minutes");
        db.fire();

        assertThat(decide(run, "bob", "clerk", "approve")).isEqualTo("notAllowed");
        db.clock("122 minutes");
        db.fire();
        assertThat(db.texts("select stage || ' ' || state from pgflow.approvals"))
                .containsExactly("3 pending");
        assertThat(decide(run, "boss", null, "approve")).isEqualTo("decided");
        db.settle();
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: ok SUCCEEDED");
    }

    @Test
    void the_last_deadline_rejects() {
        UUID run = ask("\"within\": \"PT1H\", \"rejectionFails\": true, \"choices\": [\"pay\", \"later\", \"refuse\"],"
                + " \"escalate\": [{\"roles\": [\"head\"], \"within\": \"PT1H\"}]");
        db.clock("61 minutes");
        db.fire();
        db.clock("122 minutes");
        db.fire();
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: ok FAILED");
        assertThat(db.texts("select state || ' ' || choice from pgflow.approvals"))
                .containsExactly("expired refuse");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
                    approve | {"limit": 5, "size": "s"} | decided
                    approve | {"limit": 5} | decided
                    approve | {"limit": 5, "note": null, "urgent": true} | decided
                    approve | {} | invalid
                    approve | {"limit": "5"} | invalid
                    approve | {"limit": 5, "size": "xl"} | invalid
                    approve | {"limit": 5, "urgent": "yes"} | invalid
                    approve | {"limit": 5, "note": 7} | invalid
                    approve | {"limit": 5, "other": 7} | invalid
                    approve | [5] | invalid
                    perhaps | {"limit": 5} | invalid
                    reject | {} | decided
                    reject | {"limit": "5"} | invalid
                    """)
    void the_form_is_checked(String choice, String form, String outcome) {
        UUID run = ask(
                "\"form\": [{\"name\": \"limit\", \"type\": \"number\", \"required\": true}, {\"name\": \"note\", \"type\": \"text\"},"
                        + " {\"name\": \"urgent\", \"type\": \"boolean\"}, {\"name\": \"size\", \"type\": \"choice\", \"choices\": [\"s\", \"m\"]}]");

        Row answer = db.row(
                "select * from pgflow.decide_approval(null, ?, 'ok', 'ada', '{}', ?, ?::jsonb, 'fine')",
                run,
                choice,
                form);

        assertThat(answer.text("outcome")).isEqualTo(outcome);
        if (outcome.equals("invalid")) {
            assertThat(String.valueOf(answer.text("problems"))).contains("PGF-RUN-016");
            assertThat(db.count("select count(*) from pgflow.approval_votes")).isZero();
        }
    }

    @Test
    void what_people_said_is_kept_with_time_comment_and_form() {
        UUID run = ask("\"form\": [{\"name\": \"limit\", \"type\": \"number\"}]");

        db.row(
                "select * from pgflow.decide_approval(null, ?, 'ok', 'ada', '{finance}', 'approve', '{\"limit\": 7}', 'looks fine')",
                run);

        assertThat(
                        db.texts(
                                "select actor || ' ' || roles::text || ' ' || choice || ' ' || form || ' ' || comment from pgflow.approval_votes"))
                .containsExactly("ada {finance} approve {\"limit\": 7} looks fine");
    }

    @Test
    void data_of_the_run_is_shown_as_it_was_when_the_step_asked() {
        define("\"show\": {\"$from\": \"$input\", \"pointer\": \"/invoice\"}");
        db.start("flow", "{\"invoice\": {\"cents\": 7}}");
        db.settle();

        assertThat(db.texts("select shown from pgflow.list_approvals(null, null, null, 10)"))
                .containsExactly("{\"cents\": 7}");
    }

    @Test
    void a_question_is_withdrawn_when_its_run_ends_or_its_step_is_skipped() {
        UUID cancelled = ask("\"within\": \"PT1H\"");
        db.cancel(cancelled);
        UUID skipped = db.start("flow");
        db.settle();
        db.skip(skipped, "ok");

        assertThat(db.texts("select state from pgflow.approvals")).containsExactly("withdrawn", "withdrawn");
        assertThat(decide(cancelled, "ada", "", "approve")).isEqualTo("withdrawn");
        assertThat(decide(skipped, "ada", "", "approve")).isEqualTo("withdrawn");
        assertThat(decide(UUID.randomUUID(), "ada", "", "approve")).isEqualTo("unknown");
        assertThat(db.count("select count(*) from pgflow.timers")).isZero();
    }

    @Test
    void a_question_is_asked_anew_in_a_later_generation() {
        UUID run = ask("\"rejectionFails\": true");
        decide(run, "ada", "", "reject");
        db.settle();
        db.retry(run);
        db.settle();

        assertThat(decide(run, "ada", "", "approve")).isEqualTo("decided");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: ok SUCCEEDED");
        assertThat(db.texts("select choice from pgflow.approvals order by generation"))
                .containsExactly("reject", "approve");
    }

    @Test
    void of_two_people_who_decide_at_the_same_time_one_does() {
        UUID run = ask("\"within\": \"PT1H\"");
        Paused<String> first = pauseAt("decide_approval-locked", s -> decide(s, run, "ada", "", "approve"));
        Paused<String> second = Paused.blocked(session(), session(), s -> decide(s, run, "bob", "", "reject"));

        assertThat(first.resume()).isEqualTo("decided");
        assertThat(second.finish()).isEqualTo("alreadyDecided");
        db.settle();

        assertThat(db.texts("select choice from pgflow.approvals")).containsExactly("approve");
    }

    @Test
    void a_decision_and_its_deadline_do_not_both_count() {
        UUID run = ask("\"within\": \"PT1H\"");
        Paused<Integer> firing = pauseAt("take_due_tasks-locked", s -> {
            s.clock("61 minutes");
            return s.fire();
        });
        Paused<String> deciding = Paused.blocked(session(), session(), s -> decide(s, run, "ada", "", "approve"));

        firing.resume();
        assertThat(deciding.finish()).isEqualTo("expired");
        db.settle();

        assertThat(db.texts("select output ->> 'choice' from pgflow.tasks")).containsExactly("reject");
    }

    @Test
    void events_go_to_a_queue_when_somebody_wants_them_and_the_oldest_go_when_it_is_full() {
        db.row("select pgflow.keep_approval_events(4)");
        UUID run = ask("\"quorum\": 2, \"within\": \"PT1H\", \"escalate\": [{\"roles\": [\"head\"]}]");
        decide(run, "ada", "", "approve");
        db.clock("61 minutes");
        db.fire();
        decide(run, "bob", "head", "approve");
        db.settle();
        String events = "select message ->> 'event' from pgmq.q_approval_events order by msg_id";
        assertThat(db.texts(events)).containsExactly("requested", "voted", "escalated", "decided");

        UUID other = db.start("flow");
        db.settle();
        assertThat(db.texts(events)).containsExactly("voted", "escalated", "decided", "requested");

        db.rows("select pgflow.keep_approval_events(null)");
        decide(other, "ada", "", "approve");
        assertThat(db.texts(events)).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"what\"",
                "{}",
                "{\"question\": 7}",
                "{\"question\": \"Q?\", \"quorum\": 0}",
                "{\"question\": \"Q?\", \"choices\": [\"yes\"]}",
                "{\"question\": \"Q?\", \"escalate\": [{\"roles\": [\"head\"]}]}",
                "{\"question\": \"Q?\", \"within\": \"soon\"}",
                "{\"question\": \"Q?\", \"show\": {\"$from\": \"other\"}}",
                "{\"question\": \"Q?\", \"form\": [{\"name\": \"a\", \"type\": \"date\"}]}"
            })
    void a_question_that_cannot_be_is_refused(String approval) {
        assertThatThrownBy(() -> db.defineJson(
                        "{\"name\": \"flow\", \"steps\": [{\"name\": \"ok\", \"approval\": " + approval + "}]}"))
                .hasMessageContaining("not valid");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "update pgflow.approvals set state = 'decided', choice = 'approve', ended_at = now() where state = 'pending'",
                "delete from pgflow.approvals where state = 'pending'",
                "delete from pgflow.approval_votes",
                "update pgflow.approval_votes set actor = 'starter'",
                "update pgflow.approval_votes set roles = '{}'",
                "update pgflow.approval_votes set voted_at = now() + interval '1 day'"
            })
    void the_checker_finds_decisions_that_cannot_be(String damage) {
        define("\"roles\": [\"finance\"], \"fourEyes\": true");
        UUID done = startedBy("starter");
        db.settle();
        decide(done, "ada", "finance", "approve");
        db.settle();
        startedBy("starter");
        db.settle();
        db.begin();
        db.execute(damage);

        assertThat(db.texts("select distinct invariant from pgflow.verify()")).contains("I14");
        db.rollback();
    }

    private UUID ask(String fields) {
        define(fields);
        UUID run = db.start("flow");
        db.settle();
        return run;
    }

    private void define(String fields) {
        db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"ok\", \"approval\": {\"question\": \"May it?\", "
                + fields + "}}]}");
    }

    private UUID startedBy(String actor) {
        return db.row(
                        "select run_ids[1] as run_id from pgflow.start_runs(array[gen_random_uuid()],"
                                + " array[(select workflow_id from pgflow.workflows where name = 'flow')], array['1'::jsonb],"
                                + " null, null, null, null, ?)",
                        actor)
                .uuid("run_id");
    }

    private String decide(UUID run, @Nullable String actor, @Nullable String role, String choice) {
        return decide(db, run, actor, role, choice);
    }

    private static String decide(
            Session session, UUID run, @Nullable String actor, @Nullable String role, String choice) {
        List<String> roles = role == null || role.isEmpty() ? List.of() : List.of(role);
        return String.valueOf(session.row(
                        "select outcome from pgflow.decide_approval(null, ?, 'ok', ?, ?, ?)",
                        run,
                        actor,
                        roles.toArray(String[]::new),
                        choice)
                .text("outcome"));
    }
}
