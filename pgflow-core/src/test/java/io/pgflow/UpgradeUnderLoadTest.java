package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Executor;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.testing.NextRelease;
import io.pgflow.testing.TableLocks;
import io.pgflow.workflow.Workflow;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A release brings new functions and triggers while processes of the one before are at work: they go on with what is there. */
class UpgradeUnderLoadTest {

    private static final int RELEASES = 4;
    private static final int NEXT = 2;

    @RegisterExtension
    final Engines engines = new Engines();

    private final Workflow<Object, Object> flow =
            Flow.of("flow", "root -> a, b, c; a, b, c -> join").returns("join").untyped();
    private final AtomicBoolean upgraded = new AtomicBoolean();
    private final AtomicInteger ended = new AtomicInteger();

    @ParameterizedTest
    @ValueSource(strings = {"functions", "functions and transitions"})
    void the_schema_is_migrated_while_engines_work_and_no_run_notices(String news) throws Exception {
        engines.start(flow);
        Executor executor = engines.start(flow).executor();
        int migrations = migrations();
        CompletableFuture<Void> load = CompletableFuture.runAsync(() -> work(executor));

        for (int i = 0; i < RELEASES; i++) {
            int before = ended.get();
            forgetWhatTheFunctionsWere();
            if (news.contains("transitions")) {
                forgetWhatTheGuardsWere();
            }
            PgflowSchema.migrate(engines.database());
            await().atMost(PATIENCE).until(() -> ended.get() > before);
        }
        engines.start(flow);
        upgraded.set(true);
        load.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        assertThat(migrations()).isGreaterThan(migrations + RELEASES * 50);
        assertThat(engines.sql("select tgname::text from pg_trigger where tgname like 'only%'"
                        + " and obj_description(oid, 'pg_trigger') is null"))
                .isEmpty();
        assertNoRunNoticed();
    }

    /** Each release adds to the hottest tables, replaces all functions, and one of them by another that gives one column more. */
    @Test
    void the_next_releases_change_tables_and_functions_under_engines_that_know_nothing_of_them(@TempDir Path folder)
            throws Exception {
        engines.start(flow);
        Executor executor = engines.start(flow).executor();
        CompletableFuture<Void> load = CompletableFuture.runAsync(() -> work(executor));

        try (var locks = new TableLocks(engines.database());
                var next = new NextRelease(folder)) {
            for (int release = 1; release <= NEXT; release++) {
                int before = ended.get();
                bring(next, release).migrate(engines.database());
                await().atMost(PATIENCE).until(() -> ended.get() > before);
            }
            System.out.println("releases under load, tables shut or waited for: " + locks);
        }
        upgraded.set(true);
        load.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        assertThat(engines.sql("select max(version) from pgflow.schema_history"))
                .containsExactly("90" + NEXT);
        assertThat(engines.sql("select count(*)::text from pg_attribute where attname like 'next_%'"
                        + " and attrelid in ('pgflow.tasks'::regclass, 'pgflow.runs'::regclass)"))
                .containsExactly("" + 2 * NEXT);
        assertNoRunNoticed();
    }

    /** One that has read keeps out a version that changes the table; one that has written also new guards of the transitions. */
    @ParameterizedTest
    @ValueSource(strings = {"select count(*) from pgflow.tasks", "lock table pgflow.tasks in row exclusive mode"})
    void while_a_long_transaction_holds_a_table_the_migration_gives_way_and_no_run_waits(
            String held, @TempDir Path folder) throws Exception {
        engines.start(flow);
        Executor executor = engines.start(flow).executor();
        CompletableFuture<Void> load = CompletableFuture.runAsync(() -> work(executor));

        CompletableFuture<Void> migration;
        try (var locks = new TableLocks(engines.database());
                var next = new NextRelease(folder);
                Connection report = engines.database().getConnection()) {
            report.setAutoCommit(false);
            report.createStatement().execute(held);
            NextRelease release = held.startsWith("lock") ? bringGuards(next) : bring(next, 1);
            migration = CompletableFuture.runAsync(() -> release.migrate(engines.database()));
            await().atMost(PATIENCE).until(() -> locks.waiters() > 1);

            for (int i = 0; i < 5; i++) {
                int before = ended.get();
                await().atMost(PATIENCE).until(() -> ended.get() > before);
            }
            assertThat(migration).isNotDone();
            report.rollback();
            migration.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            System.out.println("behind a long transaction, tables shut or waited for: " + locks);
        }
        upgraded.set(true);
        load.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        assertThat(engines.sql("select max(version) from pgflow.schema_history"))
                .containsExactly("901");
        assertNoRunNoticed();
    }

    /** It changes nothing about tables, but who watches over their transitions. */
    private NextRelease bringGuards(NextRelease next) {
        forgetWhatTheGuardsWere();
        return next.adds("V901__next.sql", "-- other guards\n").changesAllFunctions("next_1");
    }

    /** In the order of locks the wrong way round: nobody promises that a release never does that. */
    private static NextRelease bring(NextRelease next, int release) {
        String note = "next_" + release;
        return next.adds("V90" + release + "__next.sql", """
                        alter table pgflow.tasks add column %1$s text;
                        alter table pgflow.runs add column %1$s text;
                        create table pgflow.%1$s (run_id uuid primary key, note text not null);
                        drop function pgflow.claim_tasks(bigint, text, int);
                        """.formatted(note))
                .changes("R__40_claim_tasks.sql", text -> withOneColumnMore(text, note))
                .changesAllFunctions(note);
    }

    /** Of the first function of the file, which has two ways to give rows. */
    private static String withOneColumnMore(String text, String column) {
        int end = text.indexOf("\n$$;\n");
        String claimTasks = text.substring(0, end)
                .replaceFirst("\n\\)\nlanguage", ",\n    " + column + " text\n)\nlanguage")
                .replaceAll("select \\*", "select *, null::text");
        return claimTasks + text.substring(end);
    }

    private void assertNoRunNoticed() {
        assertThat(engines.sql("select distinct state from pgflow.runs")).containsExactly("SUCCEEDED");
        assertThat(engines.sql("select distinct attempts::text from pgflow.tasks"))
                .containsExactly("1");
        assertThat(engines.sql("select deadlocks::text from pg_stat_database where datname = current_database()"))
                .containsExactly("0");
    }

    /** All repeatable migrations look as if an earlier release had made them. */
    private void forgetWhatTheFunctionsWere() {
        engines.sql("update pgflow.schema_history set checksum = checksum + 1 where version is null");
    }

    /** The triggers look as if they had been made from another list of transitions. */
    private void forgetWhatTheGuardsWere() {
        for (String table : List.of("tasks", "runs")) {
            engines.sql("comment on trigger only_legal_transitions on pgflow." + table + " is null");
        }
    }

    private int migrations() {
        return Integer.parseInt(
                engines.sql("select count(*)::text from pgflow.schema_history").get(0));
    }

    private void work(Executor executor) {
        while (!upgraded.get()) {
            List<Run<Object>> runs = executor.startAll(flow, Collections.nCopies(50, (Object) 1), StartOptions.none());
            runs.forEach(run -> assertThat(run.result().join()).isEqualTo("join"));
            ended.addAndGet(runs.size());
        }
    }
}
