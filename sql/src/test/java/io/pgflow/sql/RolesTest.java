package io.pgflow.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.embedded.TestDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each role of docs/operations.md may do exactly what stands there: every function, table and sequence is tried. */
class RolesTest {
    private static final String PAYLOADS = """
            select c.relname || '.' || a.attname
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where c.relnamespace = 'pgflow'::regnamespace
              and c.relkind in ('r', 'v')
              and (a.atttypid in ('jsonb'::regtype, 'bytea'::regtype) or a.attname ~ 'key|reason|comment|message$|hash|token')
            """;

    private final DataSource database = TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow");
    private Connection connection;

    @BeforeEach
    void grant_what_the_page_grants() throws SQLException {
        connection = database.getConnection();
        connection.setAutoCommit(false);
        Sql.execute(connection, "create role pgflow_app; create role pgflow_viewer; create role pgflow_nobody");
        List<String> grants = Docs.sqlBlocks(Docs.operations()).stream()
                .filter(block -> block.contains("to pgflow_"))
                .toList();
        assertThat(grants).hasSize(3);
        grants.forEach(block -> Sql.execute(connection, block));
        Sql.execute(connection, """
                select pgflow.define_workflow('{"name": "one", "steps": [{"name": "only", "handler": "one.only"}]}');
                select pgflow.start_run('one', '{"secret": 1}');
                """);
    }

    @AfterEach
    void forget_the_roles() throws SQLException {
        connection.rollback();
        connection.close();
        TestDatabases.drop(database);
    }

    @Test
    void a_role_without_grants_may_use_no_function_and_no_table() {
        assertThat(allowed("pgflow_nobody")).isEmpty();
    }

    @Test
    void the_application_may_use_every_function_and_every_table_but_change_the_rules() {
        assertThat(query(
                        "select proname from pg_proc where pronamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)"
                                + " and not has_function_privilege('pgflow_app', oid, 'execute')"))
                .isEmpty();
        assertThat(query("""
                        select c.relname || ' ' || p
                        from pg_class c
                        cross join unnest('{select,insert,update,delete}'::text[]) p
                        where c.relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)
                          and c.relkind in ('r', 'v')
                          and not has_table_privilege('pgflow_app', c.oid, p)
                        """))
                .containsExactlyInAnyOrder(
                        "transitions insert",
                        "transitions update",
                        "transitions delete",
                        "schema_history insert",
                        "schema_history update",
                        "schema_history delete");
        assertThat(query("select relname from pg_class where relnamespace = 'pgflow'::regnamespace "
                        + " and case relkind when 'S' then not has_sequence_privilege('pgflow_app', oid, 'usage') end"))
                .isEmpty();
        assertThat(
                        query(
                                "select c.relname from pg_class c where c.relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)"
                                        + " and c.relkind = 'r' and has_table_privilege('pgflow_app', c.oid, 'truncate, trigger, references')"))
                .isEmpty();
        assertThat(
                        query(
                                "select n from unnest('{pgflow,pgmq}'::text[]) n where has_schema_privilege('pgflow_app', n, 'create')"))
                .isEmpty();
    }

    @Test
    void the_application_tells_how_far_it_is() {
        Sql.execute(connection, """
                set local role pgflow_app;
                select pgflow.register_worker('w', '{default}', '{one.only}');
                select c.* from pgflow.workers w cross join lateral pgflow.claim_tasks(w.worker_id, 'default', 1) c;
                select pgflow.report_progress(
                    array[run_id], array[step], array[item], array[fence], array[0.5], array['half'], array['1'::jsonb], array[null::jsonb])
                from pgflow.tasks;
                """);

        assertThat(query("select message from pgflow.task_progress")).containsExactly("half");
    }

    @Test
    void the_application_may_not_move_a_task_past_the_list() {
        Sql.execute(connection, "set local role pgflow_app");

        assertThatThrownBy(() -> Sql.execute(connection, "update pgflow.tasks set state = 'RETRYING'"))
                .hasMessageContaining("illegal transition of a task: SCHEDULED -> RETRYING");
    }

    @Test
    void the_viewer_calls_nothing_and_changes_nothing() {
        assertThat(allowed("pgflow_viewer")).isNotEmpty().allMatch(what -> what.startsWith("select "));
        assertThat(query(
                        "select c.relname from pg_class c where c.relnamespace = 'pgmq'::regnamespace and c.relkind = 'r'"
                                + " and has_any_column_privilege('pgflow_viewer', c.oid, 'select, insert, update')"))
                .isEmpty();
    }

    @Test
    void the_viewer_reads_no_payload_key_or_token() {
        List<String> payloads = query(PAYLOADS);

        assertThat(payloads)
                .contains(
                        "runs.input",
                        "runs.labels",
                        "tasks.output",
                        "tasks.error",
                        "audit.detail",
                        "deferrals.token_hash");
        assertThat(query(PAYLOADS + " and has_column_privilege('pgflow_viewer', c.oid, a.attnum, 'select')"))
                .isEmpty();
    }

    @Test
    void the_viewer_sees_what_runs() {
        String page = Docs.sqlBlocks(Docs.operations()).stream()
                .filter(block -> block.contains("task_state"))
                .findFirst()
                .orElseThrow();
        Sql.execute(connection, "set local role pgflow_viewer");

        assertThat(query(page)).containsExactly("one");
        assertThat(query("select t.name from pgflow.audit a join pgflow.transitions t using (transition)"))
                .containsExactly("enqueue");
        assertThatThrownBy(() -> query("select input from pgflow.runs")).hasMessageContaining("permission denied");
    }

    /** What a role may do in schema pgflow: {@code execute f}, or {@code select table.column}. */
    private List<String> allowed(String role) {
        return query("""
                select 'execute ' || p.proname
                from pg_proc p
                where p.pronamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)
                  and has_schema_privilege('%1$s', p.pronamespace, 'usage')
                  and has_function_privilege('%1$s', p.oid, 'execute')
                union all
                select x || ' ' || c.relname || '.' || a.attname
                from pg_class c
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                cross join unnest('{select,insert,update,references}'::text[]) x
                where c.relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)
                  and c.relkind in ('r', 'v')
                  and has_column_privilege('%1$s', c.oid, a.attnum, x)
                union all
                select x || ' ' || c.relname
                from pg_class c
                cross join unnest('{delete,truncate,trigger}'::text[]) x
                where c.relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)
                  and c.relkind in ('r', 'v')
                  and has_table_privilege('%1$s', c.oid, x)
                union all
                select x || ' ' || c.relname
                from pg_class c
                cross join unnest('{usage,select,update}'::text[]) x
                where c.relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)
                  and case c.relkind when 'S' then has_sequence_privilege('%1$s', c.oid, x) end
                """.formatted(role));
    }

    private List<String> query(String sql) {
        return Sql.query(connection, sql);
    }
}
