package io.pgflow.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgflow.embedded.TestDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/**
 * Nobody can slip a table or function of their own under those of the engine, and nobody calls one without a grant.
 *
 * <p>A function with a pinned {@code search_path} resolves every name by that. Those without are one SQL expression each, which PostgreSQL
 * puts in the place of the call, so that they may not pin it: they are resolved by the path of the function that calls them, which is
 * pinned. The few that are called from outside use nothing but qualified names.
 */
class FunctionSafetyTest {
    private static final String FUNCTIONS = """
            from pg_proc p
            join pg_language l on l.oid = p.prolang
            where p.pronamespace in (to_regnamespace('pgflow'), to_regnamespace('pgmq'))
            """;
    private static final String UNPINNED = " and not coalesce('search_path=\"\"' = any (p.proconfig), false)";

    /** Called from outside the functions: by Java, by people, or in a view. */
    private static final String[] OPEN = {"_is_served", "clock", "schema_version", "server_facts"};

    /** Called by functions of the engine only. */
    private static final String[] INLINED = {
        "_any_sub_run",
        "_any_undo_owed",
        "_describe_entry",
        "_differ",
        "_end_transition",
        "_frees_at",
        "_has_ended_well",
        "_has_equal_limits",
        "_input_hash",
        "_is_limit",
        "_is_paused",
        "_is_sub_run",
        "_is_undo_run",
        "_is_unfinished",
        "_key_hash",
        "_key_text",
        "_known_start",
        "_late_run",
        "_late_transition",
        "_limit_keys",
        "_looked_at",
        "_map_error",
        "_may_forget_undoing",
        "_may_go_on",
        "_names_a_task",
        "_next_due_at",
        "_note_schedule",
        "_pgmq_queue",
        "_retry_delay",
        "_run_output",
        "_silence_error",
        "_state_after",
        "_step_name",
        "_tick_text",
        "_token_hash",
        "_transaction_mark",
        "_undo_word",
        "_utc",
        "_wake_error",
        "_weight",
        "_with_gate",
    };

    private final DataSource database = TestDatabases.freshDatabase(PgflowSchema::migrate, "pgflow");

    @Test
    void every_function_has_its_search_path_pinned_but_the_expressions_that_were_looked_at() {
        assertThat(query("select p.proname " + FUNCTIONS + UNPINNED))
                .contains(OPEN)
                .contains(INLINED)
                .hasSize(OPEN.length + INLINED.length);
        assertThat(query("select p.proname " + FUNCTIONS + UNPINNED + " and (l.lanname <> 'sql' or p.prosecdef)"))
                .isEmpty();
    }

    /**
     * A pinned path is not enough for that: temporary types come before the catalog's unless {@code pg_temp} stands last in the path, and
     * anybody may make one named {@code uuid} that calls a function of theirs. It would have to stand so in all functions that are called.
     */
    @Test
    void no_function_runs_with_the_rights_of_the_owner() {
        assertThat(query("select p.oid::regprocedure " + FUNCTIONS + " and p.prosecdef"))
                .isEmpty();
    }

    /** Compiled anew where only the catalog is searched: each name that is not the catalog's must be qualified. */
    @Test
    void the_expressions_qualify_every_table_type_and_function_of_the_engine() throws SQLException {
        List<String> definitions = query("select pg_get_functiondef(p.oid) " + FUNCTIONS + UNPINNED);
        assertThat(definitions).hasSize(OPEN.length + INLINED.length);

        try (Connection connection = database.getConnection()) {
            Sql.execute(connection, "set search_path = ''");
            definitions.forEach(definition -> Sql.execute(connection, definition));
        }
    }

    @Test
    void those_that_are_called_from_outside_qualify_what_they_take_from_the_catalog_too() {
        assertThat(query("""
                        select p.proname || ' calls ' || m[1]
                        from pg_proc p, regexp_matches(p.prosrc, '(?<![.\\w])([a-z_0-9]+)\\s*\\(', 'g') m
                        where p.pronamespace = to_regnamespace('pgflow')
                          and p.proname in ('%s')
                          and exists (select from pg_proc c where c.proname = m[1])
                        """.formatted(String.join("', '", OPEN)))).isEmpty();
    }

    @Test
    void nothing_outside_the_functions_calls_an_inlined_one() {
        assertThat(query("""
                        select distinct p.proname || ' in ' || pg_describe_object(d.classid, d.objid, d.objsubid)
                        from pg_depend d
                        join pg_proc p on d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
                        where p.pronamespace = to_regnamespace('pgflow')
                          and d.classid <> 'pg_trigger'::regclass
                        """)).containsExactly("_is_served in rule _RETURN on view pgflow.unserved_tasks");
        assertThat(query("select p.proname " + FUNCTIONS + UNPINNED + " and p.proname !~ '^_'"))
                .containsExactlyInAnyOrder("clock", "schema_version", "server_facts");
    }

    @Test
    void nobody_but_the_owner_may_call_a_function_or_use_a_table_without_a_grant() {
        assertThat(query("select p.oid::regprocedure " + FUNCTIONS
                        + " and has_function_privilege('public', p.oid, 'execute')"))
                .isEmpty();
        assertThat(query("""
                        select c.oid::regclass
                        from pg_class c
                        where c.relnamespace in (to_regnamespace('pgflow'), to_regnamespace('pgmq'))
                          and c.relkind in ('r', 'v', 'm', 'p')
                          and has_table_privilege('public', c.oid, 'select, insert, update, delete, truncate')
                        """)).isEmpty();
        assertThat(
                        query(
                                "select n from unnest('{pgflow,pgmq}'::text[]) n where has_schema_privilege('public', n, 'usage, create')"))
                .isEmpty();
    }

    /**
     * plpgsql_check reads each statement of each function as if it ran: names, types and injected text. The embedded server has not got it;
     * a server of Debian has it with {@code postgresql-15-plpgsql-check}.
     */
    @Test
    void plpgsql_check_finds_nothing_where_the_server_has_it() {
        boolean offered = !query("select name from pg_available_extensions where name = 'plpgsql_check'")
                .isEmpty();
        assumeTrue(
                offered,
                "NOT CHECKED: this server does not offer plpgsql_check, so no function was read by it; give one that does by"
                        + " PGFLOW_TEST_JDBC_URL (on Debian: apt-get install postgresql-15-plpgsql-check)");
        Sql.execute(database, "create extension plpgsql_check");
        query("select pgflow.create_queue('default')");
        query("select pgmq.create('approval_events')");

        assertThat(query("""
                        select p.proname || ': ' || c.level || ': ' || c.message
                        from pg_proc p
                        join pg_language l on l.oid = p.prolang
                        cross join lateral plpgsql_check_function_tb(
                            p.oid,
                            coalesce((select min(t.tgrelid::oid) from pg_trigger t where t.tgfoid = p.oid), 0)::regclass,
                            fatal_errors => false, security_warnings => true) c
                        where l.lanname = 'plpgsql'
                          and p.pronamespace in (to_regnamespace('pgflow'), to_regnamespace('pgmq'))
                          and 'record'::regtype <> all (p.proargtypes) -- those it cannot read: it does not know the fields
                        """))
                .containsExactlyInAnyOrder(
                        // A statement that format('%I', '%L') made of the names of the two tables and the list of
                        // transitions.
                        "_guard_transitions: security: text type variable is not sanitized",
                        // Read from settings of the session, which are text.
                        "_message_waits: warning: target type is different type than source type",
                        "_pop: warning: target type is different type than source type",
                        "_pop: warning: target type is different type than source type",
                        // A loop that ends only by its return.
                        "_undo_workflow: warning extra: control reached end of function without RETURN",
                        // An empty array, written as text.
                        "_reopen_maps: warning: target type is different type than source type",
                        // What a statement gives that names its table by %I is known when it runs.
                        "metrics: warning: cannot determinate a result of dynamic SQL");
    }

    private List<String> query(String sql) {
        return Sql.query(database, sql);
    }
}
