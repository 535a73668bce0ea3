package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.embedded.EmbeddedPostgresServer;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.sql.PgflowSchema;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server that crashes in the middle of everything, and comes back. */
class DatabaseAwayTest {

    private final EmbeddedPostgresServer server = EmbeddedPostgresServer.start();
    private final HikariDataSource pool = Engines.pool(server.dataSource());
    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch begun = new CountDownLatch(10);

    private final Workflow<Object, Object> work = Flow.of("work", "$input -> each* -> last")
            .step("each", in -> {
                begun.countDown();
                release.await();
                return in.runInput();
            })
            .step("last", in -> "\"done\"")
            .returns("last")
            .untyped();

    @BeforeEach
    void migrate() {
        PgflowSchema.migrate(server.dataSource());
    }

    @AfterEach
    void close() {
        pool.close();
        server.close();
    }

    @Test
    void runs_go_on_where_they_were_and_those_who_wait_get_their_results() throws Exception {
        try (Pgflow pgflow = start(Duration.ofSeconds(20))) {
            List<Run<Object>> runs = pgflow.executor()
                    .startAll(
                            work,
                            List.of(List.of(1, 2), List.of(3, 4), List.of(5, 6, 7), List.of(8, 9, 0)),
                            StartOptions.none());
            List<CompletableFuture<Object>> results =
                    runs.stream().map(Run::result).toList();
            assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

            server.crash();
            release.countDown(); // now the handlers read what their map shares, and report
            await().atMost(PATIENCE)
                    .until(() -> !pgflow.worker().orElseThrow().status().healthy());
            server.restart();

            for (CompletableFuture<Object> result : results) {
                assertThat(result.get(60, TimeUnit.SECONDS)).isEqualTo("done");
            }
            await().atMost(PATIENCE)
                    .until(() -> pgflow.worker().orElseThrow().status().healthy());
            assertThat(Engines.sql(
                            server.dataSource(),
                            "select count(*) from pgflow.tasks where attempts > losses + releases + 1"))
                    .as("tasks that lost an attempt by the crash")
                    .containsExactly("0");
        }
        assertThat(Engines.violations(server.dataSource())).isEmpty();
    }

    @Test
    void starts_wait_for_the_database_and_are_carried_out_once() throws Exception {
        release.countDown();
        try (Pgflow pgflow = start(Duration.ofSeconds(60))) {
            server.crash();
            var starts = new ArrayList<CompletableFuture<Run<Object>>>();
            for (int i = 0; i < 4; i++) {
                starts.add(CompletableFuture.supplyAsync(() -> pgflow.executor().start(work, List.of(1))));
            }
            await().atMost(PATIENCE)
                    .until(() -> !pgflow.worker().orElseThrow().status().healthy());
            server.restart();

            for (CompletableFuture<Run<Object>> start : starts) {
                assertThat(start.get(60, TimeUnit.SECONDS).await(PATIENCE)).isEqualTo("done");
            }
            assertThat(Engines.sql(server.dataSource(), "select count(*) from pgflow.runs"))
                    .containsExactly("4");
        }
        assertThat(Engines.violations(server.dataSource())).isEmpty();
    }

    @Test
    void a_start_fails_with_a_code_when_the_database_stays_away() {
        try (Pgflow pgflow = start(Duration.ofSeconds(1))) {
            server.crash();

            assertThatThrownBy(() -> pgflow.executor().start(work, List.of(1)))
                    .isInstanceOfSatisfying(
                            DatabaseException.class,
                            e -> assertThat(e.code()).isEqualTo(DatabaseException.UNAVAILABLE));
        }
    }

    @Test
    void closing_ends_while_the_database_is_away() throws Exception {
        Pgflow pgflow = start(Duration.ofSeconds(20));
        pgflow.executor().start(work, List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        server.crash();

        Thread closing = new Thread(pgflow::close);
        closing.start();

        await().atMost(PATIENCE).until(() -> !closing.isAlive());
    }

    private Pgflow start(Duration callDeadline) {
        return Pgflow.on(pool)
                .settings(Engines.settings()
                        .callDeadline(callDeadline)
                        .stopGrace(Duration.ofMillis(100))
                        .build())
                .with(work)
                .start();
    }
}
