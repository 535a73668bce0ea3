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
import io.pgflow.workflow.Workflow;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A release brings new functions and triggers while processes of the one before are at work: they go on with what is there. */
class UpgradeUnderLoadTest {

    private static final int RELEASES = 4;

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
