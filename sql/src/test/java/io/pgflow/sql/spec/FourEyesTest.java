package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who must not decide, and that no clock decides in favour. */
class FourEyesTest extends Specification {

    @BeforeEach
    void a_payment_is_asked_about() {
        db.defineJson("{\"name\": \"pay\", \"steps\": [{\"name\": \"ok\","
                + " \"approval\": {\"question\": \"Pay?\", \"fourEyes\": true}}]}");
    }

    @Test
    void who_started_a_run_does_not_decide_in_the_runs_that_it_starts() {
        db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"sub\", \"workflow\": \"pay\"}]}");
        db.row("select pgflow.start_run('flow', '1', p_actor => 'alice') as run");
        db.settle();
        UUID child = db.row("select run_id from pgflow.approvals").uuid("run_id");

        assertThat(decide(child, "alice")).isEqualTo("notAllowed");
        assertThat(decide(child, "bob")).isEqualTo("decided");
    }

    @Test
    void an_empty_actor_is_nobody() {
        UUID run = db.row("select pgflow.start_run('pay', '1', p_actor => '') as run")
                .uuid("run");
        db.settle();

        assertThat(db.states(run)).isEqualTo("FAILED: ok FAILED");
        assertThat(db.texts("select error -> 'error' ->> 'code' from pgflow.runs where run_id = ?", run))
                .containsExactly("PGF-RUN-015");
    }

    @Test
    void nothing_takes_the_place_of_a_decision_that_nobody_made() {
        assertThatThrownBy(() -> db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"ok\","
                        + " \"onFailure\": \"fallback\", \"fallback\": {\"choice\": \"approve\"},"
                        + " \"approval\": {\"question\": \"Pay?\", \"within\": \"PT1M\", \"rejectionFails\": true}}]}"))
                .isInstanceOfSatisfying(
                        SqlFailure.class, refused -> assertThat(refused.state()).isEqualTo("PF002"));
    }

    @Test
    void who_tells_of_an_approval_waits_for_nobody_who_tells_of_another() {
        db.row("select pgflow.keep_approval_events(1)");
        for (int i = 0; i < 3; i++) {
            db.row("select pgflow.start_run('pay', '1', p_actor => 'alice') as run");
        }
        db.settle();
        List<UUID> runs = List.of(
                db.row("select run_id from pgflow.approvals order by run_id limit 1")
                        .uuid("run_id"),
                db.row("select run_id from pgflow.approvals order by run_id offset 1 limit 1")
                        .uuid("run_id"));
        Session other = session();

        db.begin();
        assertThat(decide(runs.get(0), "bob")).isEqualTo("decided");
        other.execute("set lock_timeout = '10s'");
        assertThat(other.row(
                                "select outcome from pgflow.decide_approval(null, ?, 'ok', 'bob', '{}', 'approve')",
                                runs.get(1))
                        .text("outcome"))
                .isEqualTo("decided");
        db.commit();
    }

    private String decide(UUID run, String actor) {
        return String.valueOf(
                db.row("select outcome from pgflow.decide_approval(null, ?, 'ok', ?, '{}', 'approve')", run, actor)
                        .text("outcome"));
    }
}
