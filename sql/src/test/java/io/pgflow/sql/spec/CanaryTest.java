package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** A word in inputs and outputs stays where inputs and outputs are: not in hints, not in the audit, not in errors and with them the server's log. */
class CanaryTest extends Specification {
    private static final String CANARY = "canary-" + UUID.randomUUID();
    private static final String SECRET = "{\"pin\": \"" + CANARY + "\", \"n\": 1e200}";

    private final List<String> errors = new ArrayList<>();

    @Test
    void payloads_stay_in_the_columns_that_hold_payloads() throws SQLException {
        try (Connection listener = database.getConnection();
                Statement statement = listener.createStatement()) {
            statement.execute("listen pgflow_tasks; listen pgflow_events; listen approval_events");

            everythingThatMayHappenToAPayload();

            statement.execute("select 1");
            PGNotification[] hints = listener.unwrap(PGConnection.class).getNotifications();
            assertThat(hints).isNotEmpty();
            assertThat(Arrays.stream(hints).map(PGNotification::getParameter)).noneMatch(hint -> hint.contains(CANARY));
        }
        assertThat(errors)
                .as("what the functions raised")
                .hasSizeGreaterThan(5)
                .noneMatch(error -> error.contains(CANARY));
        assertThat(columnsWithTheCanary())
                .containsExactlyInAnyOrder(
                        "past_generations.output", "runs.input", "signals.payload", "tasks.input", "tasks.output");
        nothingElseIsLogged();
    }

    private void everythingThatMayHappenToAPayload() {
        db.define("flow", "root -> left, each*(maxAttempts 1); left, each -> join");
        db.defineJson(
                "{\"name\": \"mapped\", \"steps\": [{\"name\": \"each\", \"handler\": \"mapped.each\", \"over\": \"$input\"}]}");
        db.defineJson(
                "{\"name\": \"wait\", \"steps\": [{\"name\": \"wait\", \"signal\": \"paid\"},"
                        + "{\"name\": \"nap\", \"after\": [\"wait\"], \"sleep\": {\"$from\": \"wait\", \"pointer\": \"/pin\"}}]}");
        long worker = db.worker();

        UUID succeeds = db.start("flow", SECRET);
        workOn(worker, "[" + SECRET + "]");
        UUID fails = db.start("flow", SECRET);
        db.complete(worker, db.claimOne(worker), SECRET);
        db.settle();
        db.rerun(succeeds, "left");
        workOn(worker, SECRET);
        db.setOutput(succeeds, "left", 0, SECRET);
        db.cancel(fails);
        UUID signalled = db.row("select pgflow.start_run('wait') as run_id").uuid("run_id");
        db.row("select * from pgflow.signal_run(?, 'paid', ?::jsonb, 's', 'ada')", signalled, SECRET);
        db.settle();
        stale(worker);
        refusals(worker, succeeds, signalled);
    }

    private void workOn(long worker, String output) {
        for (List<Claim> claims = db.claim(worker, 100); !claims.isEmpty(); claims = db.claim(worker, 100)) {
            db.complete(worker, claims, output);
            db.settle();
        }
    }

    private void stale(long worker) {
        UUID cancelled = db.start("mapped", "[" + SECRET + "]");
        Claim claim = db.claimOne(worker);
        db.cancel(cancelled);
        assertThat(db.complete(worker, claim, SECRET).positions()).hasSize(1);
        db.settle();
    }

    private void refusals(long worker, UUID ended, UUID waits) {
        refused("select pgflow.start_run('unknown', ?::jsonb)", SECRET);
        refused("select pgflow.start_run('mapped', ?::jsonb)", SECRET);
        refused("select pgflow.start_run('flow', ?::jsonb, p_priority => 9)", SECRET);
        refused("select pgflow.start_run('flow', ?::jsonb, p_deadline => '-1 day')", SECRET);
        refused("select pgflow.start_run('flow', ?::jsonb, p_delay => '100000000 years')", SECRET);
        refused("select pgflow.signal_run(?, 'No Name', ?::jsonb)", waits, SECRET);
        refused("select pgflow.signal_run(?, null, ?::jsonb)", waits, SECRET);
        refused("select pgflow.signal_run(?, 'paid', ?::jsonb, '')", waits, SECRET);
        refused("select pgflow.set_output(?, 'no step', 0, ?::jsonb, null, null)", ended, SECRET);
        refused("select pgflow.set_output(?, 'wait', 0, ?::jsonb, 'ada', null)", waits, SECRET);
        refused(
                "select pgflow.define_schedule('No Name', pg_catalog.jsonb_build_object('workflow', 'flow', 'every', 'PT1H', 'input', ?::jsonb), 'ada', 'x')",
                SECRET);
        refused(
                "select pgflow.define_schedule('s', pg_catalog.jsonb_build_object('workflow', 'flow', 'every', 'PT0S', 'input', ?::jsonb), 'ada', 'x')",
                SECRET);
        refused(
                "select pgflow.complete_tasks(?, array[?::uuid], array[1]::smallint[], array[0], array[99], array[?::jsonb])",
                worker + 1000,
                ended,
                SECRET);
        refused("select pgflow.decide_approval(null, ?, 'root', 'ada', '{}', 'approve', ?::jsonb)", ended, SECRET);
        db.cancel(waits);
    }

    /** Whatever it answers; what it raises is kept, with all that comes with it. */
    private void refused(String sql, @Nullable Object... parameters) {
        try {
            db.rows(sql, parameters);
        } catch (SqlFailure e) {
            ServerErrorMessage said =
                    e.getCause() instanceof PSQLException cause ? cause.getServerErrorMessage() : null;
            errors.add(e.getMessage()
                    + (said == null ? "" : " " + said.getDetail() + " " + said.getHint() + " " + said.getWhere()));
        }
    }

    private List<String> columnsWithTheCanary() {
        return db.texts("""
                select c.relname || '.' || a.attname
                from pg_class c
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                where c.relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)
                  and c.relkind = 'r'
                  and query_to_xml(
                          format('select from %s x where x.%I::text like %L', c.oid::regclass, a.attname, '%' || ? || '%'),
                          false, true, '')::text like '%<row%'
                """, CANARY);
    }

    /** At the defaults the server logs, of a statement that fails, what its client gets, and the text of the statement without its parameters. */
    private void nothingElseIsLogged() {
        assertThat(db.texts("show log_statement")).containsExactly("none");
        assertThat(db.texts("show log_min_messages")).containsExactly("warning");
        assertThat(db.texts("show log_parameter_max_length_on_error")).containsExactly("0");
        assertThat(db.takeNotices()).isEmpty();
    }
}
