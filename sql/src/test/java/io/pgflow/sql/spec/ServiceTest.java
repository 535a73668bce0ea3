package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class ServiceTest extends Specification {
    @Test
    void runs_of_a_single_step_are_jobs() {
        db.define("resize", "work");
        db.define("chain", "a -> b");
        db.define("pair", "a, b");
        db.define("wide", "each*");
        long worker = db.worker();
        UUID job = db.start("resize", "{\"width\": 5}");
        db.start("chain");
        db.start("pair");
        UUID wide = db.start("wide", "[]");
        assertThat(db.row("select * from pgflow.jobs where job_id = ?", job).columns())
                .containsEntry("type", "resize")
                .containsEntry("status", "RUNNING")
                .containsEntry("completed_at", null)
                .containsEntry("result", null);

        db.settle();
        db.drain(worker);

        assertThat(db.texts("select type from pgflow.jobs order by type")).containsExactly("resize", "wide");
        Row done = db.row("select * from pgflow.jobs where job_id = ?", job);
        assertThat(done.text("status")).isEqualTo("SUCCEEDED");
        assertThat(done.text("result")).isEqualTo("[1, 2]");
        assertThat(done.text("completed_at")).isNotNull();
        assertThat(db.row("select result from pgflow.jobs where job_id = ?", wide)
                        .text("result"))
                .isEqualTo("[]");
    }

    @Test
    void a_call_shows_its_request_its_result_and_its_times() {
        db.define("greet", "call");
        db.define("resize", "work");
        long worker = db.worker();
        UUID call = db.start("greet", "\"Ada\"");
        db.start("resize");
        Row asked = db.row("select * from pgflow.service_results");
        assertThat(asked.uuid("call_id")).isEqualTo(call);
        assertThat(asked.text("service")).isEqualTo("greet.call");
        assertThat(asked.text("request")).isEqualTo("\"Ada\"");
        assertThat(asked.text("started_at")).isNull();

        db.drain(worker);

        Row answered = db.row(
                "select *, called_at <= started_at and started_at <= completed_at as in_order from pgflow.service_results");
        assertThat(answered.text("status")).isEqualTo("SUCCEEDED");
        assertThat(answered.text("result")).isEqualTo("[1, 2]");
        assertThat(answered.truth("in_order")).isTrue();
    }

    @Test
    void a_call_that_failed_shows_its_error() {
        db.define("greet", "call(maxAttempts 1)");
        long worker = db.worker();
        db.start("greet", "1");

        db.fail(worker, db.claimOne(worker));

        Row failed = db.row("select status, error ->> 'message' as error, result from pgflow.service_results");
        assertThat(failed.columns()).containsEntry("status", "FAILED").containsEntry("error", "no luck");
        assertThat(failed.text("result")).isNull();
    }
}
