package io.pgflow.sql;

import static io.pgflow.sql.Sql.execute;
import static io.pgflow.sql.Sql.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.embedded.TestDatabases;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class SchemaScriptTest {
    private static final String HISTORY =
            "select (version, description, type, script, checksum, success)::text from pgflow.schema_history order by installed_rank";

    private final DataSource scripted = TestDatabases.freshDatabase();

    @Test
    void the_printed_script_makes_what_a_migration_makes() {
        DataSource migrated = TestDatabases.freshDatabase();
        PgflowSchema.migrate(migrated);

        execute(scripted, PgflowSchema.script());

        assertThat(Catalog.of(scripted)).isEqualTo(Catalog.of(migrated)).hasSizeGreaterThan(50);
    }

    @Test
    void a_migration_after_the_script_finds_nothing_to_do() {
        execute(scripted, PgflowSchema.script());
        List<String> before = query(scripted, HISTORY);

        PgflowSchema.migrate(scripted);

        DataSource migrated = TestDatabases.freshDatabase();
        PgflowSchema.migrate(migrated);
        assertThat(query(scripted, HISTORY)).isEqualTo(before);
        assertThat(query(migrated, HISTORY)).endsWith(before.toArray(String[]::new));
    }

    @Test
    void the_script_is_all_or_nothing() {
        execute(scripted, "create schema pgflow");
        execute(scripted, "create table pgflow.schema_history (id int)");

        assertThatThrownBy(() -> execute(scripted, PgflowSchema.script())).hasMessageContaining("schema_history");

        assertThat(query(scripted, "select count(*) from pg_namespace where nspname = 'pgmq'"))
                .containsExactly("0");
    }

    @Test
    void the_main_class_prints_the_script() {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            PrintSchema.main(new String[0]);
        } finally {
            System.setOut(console);
        }

        assertThat(printed.toString(StandardCharsets.UTF_8))
                .isEqualTo(PgflowSchema.script())
                .endsWith("commit;\n");
    }
}
