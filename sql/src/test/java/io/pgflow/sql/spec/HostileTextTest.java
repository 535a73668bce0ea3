package io.pgflow.sql.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Text is text: whatever a name, a key, a label or a payload holds, it is refused with a code or comes back as it was, and nothing of it
 * is ever taken for SQL or for the name of a class.
 */
class HostileTextTest extends Specification {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,39}");
    private static final Pattern HANDLER = Pattern.compile(NAME + "(\\." + NAME + "){0,3}");
    private static final List<String> TEXTS = List.of(
            "'",
            "\"",
            "a'; drop table pgflow.victims; --",
            "a\"; drop table pgflow.victims; --",
            "x') ; delete from pgflow.victims; --",
            "$$ begin drop table pgflow.victims; end $$",
            "$1",
            "%s%I%L%n%1$s",
            "\\",
            "\\'; select 1/0; --",
            "{}",
            "{\"a\": 1}",
            "null",
            "select",
            "pg_temp.runs",
            "a.b",
            "a b",
            "A",
            "a\nb",
            "a\tb",
            " ",
            "",
            "../../etc/passwd",
            "ü",
            "аdmin",
            "名前🙂",
            "\u202etxt.exe",
            "a".repeat(40),
            "a".repeat(41),
            "a".repeat(64),
            "ü".repeat(40),
            "x".repeat(2000));
    private static final List<String> GADGETS = List.of(
            "{\"@class\": \"javax.script.ScriptEngineManager\", \"x\": [1]}",
            "{\"@type\": \"com.sun.rowset.JdbcRowSetImpl\", \"dataSourceName\": \"ldap://127.0.0.1/x\", \"autoCommit\": true}",
            "{\"$type\": \"System.Windows.Data.ObjectDataProvider\", \"MethodName\": \"Start\"}",
            "[\"java.util.ArrayList\", [{\"@class\": \"java.lang.ProcessBuilder\"}]]",
            "{\"__proto__\": {\"x\": 1}, \"constructor\": {\"prototype\": 1}}",
            "{\"$from\": \"$input\", \"pointer\": \"/x\"}",
            "\"T(java.lang.Runtime).getRuntime().exec('id')\"",
            "\"${jndi:ldap://127.0.0.1/x} #{7*7} {{7*7}} <%= 7 %>\"",
            "\"<script>alert(1)</script>\"",
            "123456789012345678901234567890.000000000000000000000001",
            "-0.0",
            "1" + "0".repeat(400),
            "[".repeat(500) + "]".repeat(500),
            "{\"\": {\"\": \"\"}}");

    @Test
    void a_name_is_plain_or_refused_wherever_it_stands_in_a_definition() {
        for (String text : TEXTS) {
            expect(text, NAME, PF002, "{\"name\": %s, \"steps\": [{\"name\": \"a\", \"handler\": \"a\"}]}");
            expect(text, NAME, PF002, "{\"name\": \"w\", \"steps\": [{\"name\": %s, \"handler\": \"a\"}]}");
            expect(text, HANDLER, PF002, "{\"name\": \"w\", \"steps\": [{\"name\": \"a\", \"handler\": %s}]}");
            expect(
                    text,
                    NAME,
                    PF002,
                    "{\"name\": \"w\", \"steps\": [{\"name\": \"a\", \"handler\": \"a\", \"queue\": %s}]}");
            expect(text, NAME, PF002, "{\"name\": \"w\", \"steps\": [{\"name\": \"a\", \"signal\": %s}]}");
        }
        nothingElseWasTouched();
    }

    @Test
    void a_queue_is_plain_or_refused_and_has_no_other_table() {
        for (String text : TEXTS) {
            String expected = NAME.matcher(text).matches() ? "" : PF004;
            assertThat(refusal(db -> db.row("select pgflow.create_queue(?)", text)))
                    .as("queue %s", text)
                    .isEqualTo(expected);
            assertThat(refusal(db -> db.row("select pgflow.register_worker('w', array[?], '{}')", text)))
                    .as("queue %s", text)
                    .isEqualTo(expected);
        }
        assertThat(
                        db.count(
                                "select count(*) from pg_tables where schemaname = 'pgmq' and tablename !~ '^[qa]_pgf[123]_[a-z0-9_]+$' and tablename <> 'meta'"))
                .isZero();
        nothingElseWasTouched();
    }

    @Test
    void keys_labels_actors_and_values_come_back_as_they_were_and_the_run_succeeds() {
        db.define("flow", "a");
        long worker = db.worker();
        for (String text : TEXTS) {
            String quoted = json(text);
            UUID run = db.row(
                            "select pgflow.start_run('flow', ?::jsonb, ?, ?::jsonb, p_actor => ?) as run_id",
                            quoted,
                            "key " + text,
                            "{" + quoted + ": " + quoted + "}",
                            text)
                    .uuid("run_id");
            Claim claim = db.claimOne(worker);
            db.complete(worker, claim, "{" + quoted + ": " + quoted + "}");

            assertThat(db.states(run)).as("the run of %s", text).isEqualTo("SUCCEEDED: a SUCCEEDED");
            Row kept = db.row(
                    "select r.input #>> '{}' as input, r.labels ->> ? as label, t.output ->> ? as output, k.idempotency_key as key"
                            + " from pgflow.runs r join pgflow.tasks t using (run_id) join pgflow.idempotency_keys k using (run_id)"
                            + " where r.run_id = ?",
                    text,
                    text,
                    run);
            assertThat(kept.columns()).containsValues(text, "key " + text).doesNotContainValue(null);
            assertThat(db.texts(
                            "select run_id from pgflow.list_runs('flow', null, ?::jsonb, null, 10)",
                            "{" + quoted + ": " + quoted + "}"))
                    .containsExactly(run.toString());
        }
        nothingElseWasTouched();
    }

    @Test
    void names_that_people_give_are_refused_or_change_nothing_else() {
        db.defineJson("{\"name\": \"flow\", \"steps\": [{\"name\": \"wait\", \"signal\": \"paid\"}]}");
        UUID run = db.start("flow");
        for (String text : TEXTS) {
            Stream.<Consumer<Session>>of(
                            db -> db.rows("select * from pgflow.signal_run(?, ?)", run, text),
                            db -> db.rows("select * from pgflow.signal_run(?, 'other', 'null', ?, ?)", run, text, text),
                            db -> db.rows("select * from pgflow.pause('queue', array[?], ?, ?)", text, text, text),
                            db -> db.rows("select * from pgflow.pause(?, array['x'], 'a', 'b')", text),
                            db -> db.rows("select * from pgflow.resume('workflow', array[?], ?, ?)", text, text, text),
                            db -> db.rows("select * from pgflow.limit_queue(?, 5, ?, ?)", text, text, text),
                            db -> db.rows("select * from pgflow.cancel_runs('{}', ?, ?)", text, text),
                            db -> db.rows(
                                    "select * from pgflow.skip_tasks(array[?::uuid], array[?], 'a', 'b')", run, text),
                            db -> db.rows("select * from pgflow.set_output(?, ?, 0, '1', ?, ?)", run, text, text, text),
                            db -> db.rows(
                                    "select * from pgflow.define_schedule(?, ?::jsonb, ?, ?)",
                                    text,
                                    "{\"workflow\": \"flow\", \"every\": \"PT1H\", \"timeZone\": " + json(text) + "}",
                                    text,
                                    text),
                            db -> db.rows(
                                    "select * from pgflow.define_schedule('s', ?::jsonb, 'a', 'b')",
                                    "{\"workflow\": \"flow\", \"cron\": " + json(text) + ", \"timeZone\": " + json(text)
                                            + "}"),
                            db -> db.rows("select * from pgflow.list_runs(?, array[?], null, null, 10)", text, text),
                            db -> db.rows("select * from pgflow.why_not_running(?, ?, 0)", run, text),
                            db -> db.rows("select pgflow.start_run(?)", text))
                    .forEach(this::refusal);
        }
        db.cancel(run);
        nothingElseWasTouched();
    }

    @Test
    void a_null_character_is_refused_by_the_server() {
        db.define("flow", "a");

        assertThat(refusal(db -> db.row("select pgflow.start_run('flow', ?::jsonb)", "\"a\\u0000b\"")))
                .isEqualTo("22P05");
        assertThat(refusal(db -> db.row("select pgflow.start_run('flow', '1', ?)", "a\u0000b")))
                .isEqualTo("22021");
        assertThat(refusal(db -> db.row("select pgflow.create_queue(?)", "a\u0000b")))
                .isEqualTo("22021");
    }

    @Test
    void names_of_classes_templates_and_huge_values_stay_data() {
        db.define("flow", "a -> b; a -> c*");
        long worker = db.worker();
        for (String gadget : GADGETS) {
            UUID run = db.start("flow", gadget);
            Claim claim = db.claimOne(worker);
            assertThat(db.count("select count(*) where ?::jsonb = ?::jsonb", claim.input(), gadget))
                    .isEqualTo(1);
            db.complete(worker, claim, "[" + gadget + "]");
            db.settle();
            List<Claim> next = db.claim(worker, 10);
            db.complete(worker, next, gadget);
            db.settle();

            assertThat(db.states(run)).isEqualTo("SUCCEEDED: a SUCCEEDED, b SUCCEEDED, c SUCCEEDED, c[1] SUCCEEDED");
            assertThat(db.count(
                            "select count(*) from pgflow.tasks t where t.run_id = ? and t.item = 1 and t.input = ?::jsonb",
                            run,
                            gadget))
                    .isEqualTo(1);
        }
        nothingElseWasTouched();
    }

    /** The server keeps the last of several members of one name, as jsonb does; of a definition too. */
    @Test
    void of_members_of_one_name_the_last_one_counts() {
        db.defineJson(
                "{\"name\": \"other\", \"name\": \"flow\", \"steps\": [{\"name\": \"a\", \"handler\": \"x\", \"handler\": \"flow.a\"}]}");
        db.start("flow", "{\"a\": 1, \"a\": 2}");

        assertThat(db.claimOne(db.workerWith("flow.a")).input()).isEqualTo("{\"a\": 2}");
        assertThat(db.texts("select name from pgflow.workflows")).containsExactly("flow");
    }

    @Test
    void what_is_too_deep_or_too_large_is_refused_with_a_code() {
        db.define("flow", "a");

        assertThat(refusal(db -> db.start("flow", "[".repeat(100_000) + "]".repeat(100_000))))
                .isEqualTo("54001");
        assertThat(refusal(db -> db.start("flow", "1e999999"))).isEqualTo("22003");
        assertThat(
                        refusal(
                                db -> db.defineJson(
                                        "{\"name\": \"w\", \"steps\": [{\"name\": \"a\", \"handler\": \"a\", \"maxAttempts\": 1e300}]}")))
                .isEqualTo(PF002);
        assertThat(
                        refusal(
                                db -> db.defineJson(
                                        "{\"name\": \"w\", \"steps\": [{\"name\": \"a\", \"handler\": \"a\", \"timeout\": \"PT1e300S\"}]}")))
                .isEqualTo(PF002);
        assertThat(refusal(db -> db.defineJson(chainOf(1001)))).isEqualTo(PF002);
        assertThat(refusal(db -> db.defineJson(chainOf(1000)))).isEmpty();
        assertThat(refusal(db -> db.row(
                        "select * from pgflow.signal_run(?, 'paid', 'null', ?)", db.start("flow"), "x".repeat(201))))
                .isEqualTo("PF004");
        db.drain(db.worker());
    }

    @Test
    void definitions_that_are_no_definitions_are_refused() {
        for (String gadget : GADGETS) {
            assertThat(refusal(db -> db.defineJson(gadget))).as(gadget).isEqualTo(PF002);
            assertThat(refusal(db -> db.defineJson("{\"name\": \"w\", \"steps\": " + gadget + "}")))
                    .as(gadget)
                    .isEqualTo(PF002);
            assertThat(refusal(db -> db.defineJson("{\"name\": \"w\", \"steps\": [" + gadget + "]}")))
                    .as(gadget)
                    .isEqualTo(PF002);
        }
    }

    private static final String PF002 = "PF002";
    private static final String PF004 = "PF004";

    private void expect(String text, Pattern allowed, String state, String definition) {
        String refused = refusal(db -> db.defineJson(definition.formatted(json(text))));
        assertThat(refused)
                .as("%s in %s", text, definition)
                .isEqualTo(allowed.matcher(text).matches() ? "" : state);
    }

    /** The SQLSTATE of a refusal, empty when there was none: a documented one, or of the server for text that is no text, too deep or too large. */
    private String refusal(Consumer<Session> call) {
        try {
            call.accept(db);
            return "";
        } catch (SqlFailure e) {
            boolean plainNameRefused = e.getMessage() != null && e.getMessage().contains("\"queue_name_is_plain\"");
            assertThat(plainNameRefused ? "PF004" : e.state())
                    .as("%s", e.getMessage())
                    .isIn("PF001", PF002, "PF004", "22P05", "22021", "22003", "54001");
            return e.state();
        }
    }

    private void nothingElseWasTouched() {
        assertThat(db.texts("select id from pgflow.victims")).containsExactly("1");
        assertThat(db.count("select count(*) from pg_class where relnamespace = 'public'::regnamespace"))
                .isZero();
    }

    @BeforeEach
    void there_is_a_table_to_hit() {
        db.execute("create table pgflow.victims (id int)");
        db.execute("insert into pgflow.victims values (1)");
    }

    private static String chainOf(int steps) {
        StringBuilder chain =
                new StringBuilder("{\"name\": \"long\", \"steps\": [{\"name\": \"s1\", \"handler\": \"a\"}");
        for (int i = 2; i <= steps; i++) {
            chain.append(", {\"name\": \"s")
                    .append(i)
                    .append("\", \"handler\": \"a\", \"after\": [\"s")
                    .append(i - 1)
                    .append("\"]}");
        }
        return chain.append("]}").toString();
    }

    private static String json(String text) {
        return "\""
                + text.replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\t", "\\t") + "\"";
    }
}
