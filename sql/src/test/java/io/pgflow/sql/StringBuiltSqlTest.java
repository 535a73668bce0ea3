package io.pgflow.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values reach SQL as parameters, names by quoting: whoever puts a statement together from texts comes by this list. */
class StringBuiltSqlTest {
    @Test
    void no_java_source_puts_values_into_sql_but_where_it_was_looked_at() throws IOException {
        assertThat(found(".java", StringBuiltSql::inJava))
                .containsExactlyInAnyOrder(
                        // LISTEN takes no parameters: the name is checked, and quoted.
                        "PgjdbcListener.java: \"listen \" + Names.quoted",
                        "PgjdbcListener.java: \"unlisten \" + Names.quoted",
                        "PgjdbcNgListener.java: \"listen \" + Names.quoted",
                        "PgjdbcNgListener.java: \"unlisten \" + Names.quoted",
                        // One of two calls of the same parameters; one of two fields.
                        "Correspondence.java: \"select sent.id, \" + hint",
                        "Correspondence.java: ) + \" from pgmq.send(?::text,\" + \" pg_catalog.jsonb_build_object('correlation', ?::text,"
                                + " 'body', ?::jsonb)) as sent(id)\"",
                        "Correspondence.java: \"select \" + hint",
                        "Correspondence.java: field + \")) where pgmq.delete(?::text, ?::bigint)\"",
                        // A script to be read by people: names and sums of the migration's own files.
                        "SchemaScript.java: \"insert into pgflow.schema_history\\nvalues (\"",
                        // Names of databases, which the class makes up or checks.
                        "TestDatabases.java: \"drop database \" + name",
                        "TestDatabases.java: \"create database \" + name",
                        "TestDatabases.java: \"drop database if exists \" + name",
                        "EmbeddedPostgresServer.java: \"create database \" + checked",
                        "EmbeddedPostgresServer.java: \"create database \" + checked",
                        "EmbeddedPostgresServer.java: \"drop database if exists \" + checked",
                        // Messages to people, which begin like statements.
                        "CallFailedException.java: \"call \" + callId",
                        "StepCheck.java: \"set maxRetryDelay to \" + retry.delay");
    }

    @Test
    void no_function_executes_text_that_is_not_quoted_but_where_it_was_looked_at() throws IOException {
        assertThat(found(".sql", StringBuiltSql::inSql))
                .singleElement()
                .asString()
                // A statement that format('%I', '%L') made of the names of the two tables and the list of transitions.
                .startsWith("R__15_transition_guard.sql: execute v_changed.statement");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run(\"select * from pgflow.runs where name = '\" + name + \"'\");",
                "run(\"drop table \" + table.name());",
                "run(prefix + \"select 1\");",
                "run(\"\"\"\n    update runs set state = '%s'\n    \"\"\".formatted(state));",
                "run(String.format(\"delete from %s\", table));",
                "sql.append(\"insert into x values (\").append(value);",
                "run(\"select 1 \" + \"from pgflow.runs where run_id = \" + id);",
                "run(\"listen \" + channel);",
                "run(\"select ?\".replace(\"?\", value));",
            })
    void the_gate_sees_java_that_builds_sql(String planted) {
        assertThat(StringBuiltSql.inJava(planted)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run(\"select * from pgflow.runs where name = ?\", name);",
                "run(\"select a, \" + \"b \" + COLUMNS + \" from pgflow.runs\");",
                "// \"select \" + value",
                "throw new X(\"the schema \" + name + \" is not there\");",
            })
    void the_gate_lets_parameters_literals_and_constants_pass(String harmless) {
        assertThat(StringBuiltSql.inJava(harmless)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "begin execute 'drop table ' || p_name; end",
                "begin execute v_sql; end",
                "begin return query execute format('select * from pgmq.%s', p_queue); end",
                "begin execute pg_catalog.format('select %1$I, %2$s', a, b) using c; end",
                "begin execute pg_catalog.format('select %I' || p_more, a); end",
                "begin execute pg_catalog.replace('select x', 'x', p_name); end",
            })
    void the_gate_sees_sql_that_executes_unquoted_text(String planted) {
        assertThat(StringBuiltSql.inSql(planted)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "begin execute 'select 1'; end",
                "begin execute pg_catalog.format('select %1$I, %L, ''50%%''', a, b) using c into d; end",
                "-- execute v_sql",
                "create trigger x before update on t for each row execute function f()",
                "grant execute on function f() to x",
            })
    void the_gate_lets_quoted_names_and_parameters_pass(String harmless) {
        assertThat(StringBuiltSql.inSql(harmless)).isEmpty();
    }

    private static List<String> found(String ending, Function<String, List<String>> gate) throws IOException {
        try (Stream<Path> files = Files.walk(Docs.root(), 20)) {
            List<Path> sources = files.filter(file -> isSource(Docs.root().relativize(file), ending))
                    .toList();
            assertThat(sources).as("sources that end in %s", ending).hasSizeGreaterThan(50);
            return sources.stream()
                    .flatMap(file ->
                            gate.apply(Docs.text(file)).stream().map(place -> file.getFileName() + ": " + place))
                    .toList();
        }
    }

    /** The benchmarks speak to servers of their own, with texts of their own; nothing of them is part of a release. */
    private static boolean isSource(Path file, String ending) {
        String path = file.toString().replace('\\', '/');
        return path.contains("/src/main/") && path.endsWith(ending) && !path.startsWith("benchmarks/");
    }
}
