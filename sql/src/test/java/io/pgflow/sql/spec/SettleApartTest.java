package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot go on holds up nobody else. */
class SettleApartTest extends Specification {

    @Test
    void a_map_whose_outputs_are_too_large_for_one_value_fails_its_run_alone() {
        db.define("flow", "each*");
        long worker = db.worker();
        UUID large = db.start("flow", "[1, 2, 3]");
        UUID small = db.start("flow", "[1]");
        db.settle();
        for (Claim claim : db.claim(worker, 10)) {
            // Each can be stored, but three of them are more than one value can hold.
            db.row(
                    "select stale from pgflow.complete_tasks(?, ?, ?, ?, ?, array[to_jsonb(repeat('x', ?))])",
                    worker,
                    Session.ids(List.of(claim)),
                    Session.steps(List.of(claim)),
                    Session.items(List.of(claim)),
                    Session.fences(List.of(claim)),
                    claim.runId().equals(large) ? 95_000_000 : 1);
        }

        db.settle();

        assertThat(db.texts("select state from pgflow.runs where run_id = ?", large))
                .containsExactly("FAILED");
        assertThat(db.texts("select error ->> 'code' from pgflow.runs where run_id = ?", large))
                .containsExactly("PGF-RUN-018");
        assertThat(db.texts("select state from pgflow.runs where run_id = ?", small))
                .containsExactly("SUCCEEDED");
    }

    @Test
    void a_value_out_of_range_fails_its_run_alone_and_the_others_of_its_batch_go_on() {
        db.defineJson(
                "{\"name\": \"late\", \"steps\": [{\"name\": \"hear\", \"signal\": \"go\", \"within\": \"PT1H\"}]}");
        db.defineJson("{\"name\": \"nap\", \"steps\": [{\"name\": \"nap\", \"sleep\": \"PT0S\"}]}");
        UUID before = db.start("nap");
        UUID bad = db.start("late");
        UUID after = db.start("nap");
        db.execute("update pgflow.steps set waits_for = waits_for || '{\"within\": \"P300000Y\"}' where name = 'hear'");

        db.settle();
        db.fire();
        db.settle();

        assertThat(db.states(bad)).isEqualTo("FAILED: hear CANCELLED");
        assertThat(db.states(before)).isEqualTo("SUCCEEDED: nap SUCCEEDED");
        assertThat(db.states(after)).isEqualTo("SUCCEEDED: nap SUCCEEDED");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\": \"a\", \"signal\": \"go\", \"within\": \"P300000Y\"}",
                "{\"name\": \"a\", \"handler\": \"flow.a\", \"deadline\": \"P2Y\"}",
                "{\"name\": \"a\", \"handler\": \"flow.a\", \"timeout\": \"P31D\"}",
                "{\"name\": \"a\", \"handler\": \"flow.a\", \"retryDelay\": \"-PT1S\"}",
                "{\"name\": \"a\", \"approval\": {\"question\": \"?\", \"within\": \"P300000Y\"}}",
                "{\"name\": \"a\", \"approval\": {\"question\": \"?\", \"within\": \"PT1H\","
                        + " \"escalate\": [{\"roles\": [\"boss\"], \"within\": \"P300000Y\"}]}}",
                "{\"name\": \"a\", \"approval\": {\"question\": \"?\", \"quorum\": 1.5}}"
            })
    void what_no_clock_or_count_can_hold_is_refused_when_it_is_defined(String step) {
        assertThatThrownBy(() -> db.defineJson("{\"name\": \"flow\", \"steps\": [" + step + "]}"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, refused -> assertThat(refused.state()).isEqualTo("PF002"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"deadline\": \"P300000Y\"", "\"labels\": \"x\""})
    void a_schedule_that_could_start_nothing_is_refused_when_it_is_defined(String field) {
        db.define("flow", "a");

        assertThatThrownBy(() -> db.row(
                        "select * from pgflow.define_schedule('far', ?::jsonb, 'ada', null)",
                        "{\"workflow\": \"flow\", \"every\": \"1 minute\", " + field + "}"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, refused -> assertThat(refused.state()).isEqualTo("PF004"));
    }

    @Test
    void what_was_given_to_a_step_that_ends_otherwise_goes_to_the_next_that_waits_for_it() {
        db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"s\", \"signal\": \"go\"},"
                + " {\"name\": \"u\", \"signal\": \"go\"}]}");
        UUID run = db.start("flow");
        db.settle();
        assertThat(db.signal(run, "go", "one")).isEqualTo("delivered");

        db.skip(run, "s");
        db.settle();

        assertThat(db.states(run)).isEqualTo("SUCCEEDED: s SKIPPED, u SUCCEEDED");
    }

    @Test
    void a_signal_that_came_just_before_its_run_failed_is_there_when_the_run_is_retried() {
        db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"s\", \"signal\": \"go\"},"
                + " {\"name\": \"b\", \"handler\": \"flow.b\"}]}");
        long worker = db.worker();
        UUID run = db.start("flow");
        db.settle();
        assertThat(db.signal(run, "go", "payment-1")).isEqualTo("delivered");
        db.failForGood(worker, db.claimOne(worker));

        db.retry(run);
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: s SUCCEEDED, b SCHEDULED");
        assertThat(db.signal(run, "go", "payment-1")).isEqualTo("repeated");
    }

    @Test
    void a_signal_that_was_used_stays_used_when_its_step_begins_anew() {
        db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"s\", \"signal\": \"go\"}]}");
        UUID run = db.start("flow");
        db.settle();
        db.signal(run, "go", "one");
        db.settle();

        db.rerun(run, "s");
        db.settle();

        assertThat(db.states(run)).isEqualTo("RUNNING: s RUNNING");
        assertThat(List.of(db.signal(run, "go", "two"))).containsExactly("delivered");
        db.settle();
        assertThat(db.states(run)).isEqualTo("SUCCEEDED: s SUCCEEDED");
    }
}
