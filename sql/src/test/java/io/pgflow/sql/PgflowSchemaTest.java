package io.pgflow.sql;

import static io.pgflow.sql.Sql.execute;
import static io.pgflow.sql.Sql.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.embedded.TestDatabases;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PgflowSchemaTest {
    private static final String HISTORY =
            "select script from pgflow.schema_history where type <> 'SCHEMA' order by installed_rank";

    private final DataSource database = TestDatabases.freshDatabase();

    @Test
    void a_migrated_database_has_every_file_in_its_own_history() {
        PgflowSchema.migrate(database);

        List<String> files =
                MigrationFile.all().stream().map(MigrationFile::name).toList();
        assertThat(query(database, HISTORY)).first().isEqualTo(PgmqChoice.class.getName());
        assertThat(query(database, HISTORY))
                .endsWith(files.toArray(String[]::new))
                .hasSize(files.size() + 1);
        assertThat(query(database, "select count(*) from pg_tables where schemaname = 'public'"))
                .containsExactly("0");
    }

    @Test
    void a_second_migration_changes_nothing() {
        PgflowSchema.migrate(database);
        List<String> before = query(database, HISTORY);

        PgflowSchema.migrate(database);

        assertThat(query(database, HISTORY)).isEqualTo(before);
    }

    @Test
    void six_migrators_that_start_at_once_all_succeed_and_one_does_the_work() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            CyclicBarrier start = new CyclicBarrier(6);
            List<Future<?>> migrations = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                migrations.add(threads.submit(() -> {
                    start.await();
                    PgflowSchema.migrate(database);
                    return null;
                }));
            }
            for (Future<?> migration : migrations) {
                migration.get();
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(query(database, HISTORY))
                .hasSize(MigrationFile.all().size() + 1)
                .doesNotHaveDuplicates();
    }

    @Test
    void jvms_that_start_at_once_all_succeed() throws Exception {
        List<Process> jvms = List.of(MigratingJvm.start(database), MigratingJvm.start(database));

        for (Process jvm : jvms) {
            assertThat(jvm.waitFor()).isZero();
        }
        assertThat(query(database, HISTORY))
                .hasSize(MigrationFile.all().size() + 1)
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create table pgflow.flows (flow_slug text primary key)",
                "create function pgflow.start_flow() returns int language sql as 'select 1'",
                "create table pgflow.schema_history (version text, description text); create table pgflow.things (id int)",
            })
    void a_schema_of_our_name_that_is_not_ours_is_refused_and_not_touched(String foreign) {
        execute(database, "create schema pgflow");
        execute(database, foreign);
        List<String> before = Catalog.of(database);

        assertThatThrownBy(() -> PgflowSchema.migrate(database))
                .isInstanceOfSatisfying(
                        SchemaException.class, e -> assertThat(e.code()).isEqualTo("PGF-SCH-001"))
                .hasMessageContaining("rename");
        assertThat(Catalog.of(database)).isEqualTo(before);
    }

    @Test
    void an_empty_schema_that_was_made_for_us_is_taken() {
        execute(database, "create schema pgflow");

        PgflowSchema.migrate(database);

        assertThat(query(database, HISTORY)).isNotEmpty();
    }

    @Test
    void a_database_that_a_newer_library_migrated_is_refused() {
        PgflowSchema.migrate(database);
        execute(database, """
                insert into pgflow.schema_history
                select max(installed_rank) + 1, '999', 'far future', 'SQL', 'V999__far_future.sql', 1, 'someone', now(), 1, true
                from pgflow.schema_history
                """);

        assertThatThrownBy(() -> PgflowSchema.migrate(database))
                .isInstanceOfSatisfying(
                        SchemaException.class, e -> assertThat(e.code()).isEqualTo("PGF-SCH-003"))
                .hasMessageContaining("999")
                .hasMessageContaining("newer");
    }

    @Test
    void a_server_older_than_14_is_refused() {
        assertThatThrownBy(() -> SchemaChecks.requireServer(130_021))
                .isInstanceOfSatisfying(
                        SchemaException.class, e -> assertThat(e.code()).isEqualTo("PGF-SCH-002"))
                .hasMessageContaining("PostgreSQL 13")
                .hasMessageContaining("14 or newer");
        assertThatCode(() -> SchemaChecks.requireServer(140_000)).doesNotThrowAnyException();
    }

    @Test
    void a_pgmq_that_lacks_functions_is_refused_and_nothing_is_changed() {
        execute(database, "create schema pgmq");
        execute(database, "create function pgmq.create(queue_name text) returns void language sql as ''");

        assertThatThrownBy(() -> PgflowSchema.migrate(database))
                .isInstanceOfSatisfying(
                        SchemaException.class, e -> assertThat(e.code()).isEqualTo("PGF-SCH-004"))
                .hasMessageContaining("pgmq.read");
        assertThat(query(database, "select count(*) from pg_proc where pronamespace = to_regnamespace('pgflow')"))
                .containsExactly("0");
    }

    @Test
    void a_pgmq_that_was_installed_by_hand_is_used_as_it_is() {
        execute(database, PgmqChoice.ownSql());
        execute(database, "select pgmq.create('theirs')");

        PgflowSchema.migrate(database);

        assertThat(query(database, "select queue_name from pgmq.list_queues()")).contains("theirs");
    }

    @Test
    void a_user_without_the_right_to_create_schemas_gets_a_coded_error() {
        String user = "pgflow_nobody_" + ProcessHandle.current().pid();
        execute(database, "create role " + user);
        execute(
                database,
                "do $$ begin execute format('alter database %I set role = " + user + "', current_database()); end $$");
        try {
            assertThatThrownBy(() -> PgflowSchema.migrate(database))
                    .isInstanceOfSatisfying(
                            SchemaException.class, e -> assertThat(e.code()).isEqualTo("PGF-SCH-005"))
                    .hasMessageContaining("permission denied");
        } finally {
            execute(
                    database,
                    "set role none; do $$ begin execute format('alter database %I reset role', current_database()); end $$");
            execute(database, "drop role " + user);
        }
    }

    @Test
    void the_history_of_the_host_is_left_alone() {
        execute(database, "create table public.flyway_schema_history (installed_rank int)");

        PgflowSchema.migrate(database);

        assertThat(query(database, "select count(*) from public.flyway_schema_history"))
                .containsExactly("0");
        assertThat(query(database, "show search_path")).containsExactly("\"$user\", public");
    }
}
