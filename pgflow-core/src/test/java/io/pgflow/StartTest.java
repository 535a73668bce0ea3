package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunFilter;
import io.pgflow.executor.RunSnapshot;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.StartRefusedException;
import io.pgflow.state.Priority;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Starting runs: what is asked of a start, and in whose transaction. */
@Tag("adversity")
class StartTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final Workflow<Object, Object> echo = Flow.oneStep("echo", Object.class, Object.class, in -> in.runInput());
    private final Workflow<Object, Object> held = Flow.of("held", "work -> after")
            .step("work", in -> {
                begun.countDown();
                release.await();
                return "1";
            })
            .returns("after")
            .untyped();

    @Test
    void one_key_cannot_stand_for_several_runs_of_one_call() {
        Pgflow pgflow = engines.start(echo);
        StartOptions options = StartOptions.none().idempotencyKey("k");

        assertThatThrownBy(() -> pgflow.executor().startAll(echo, List.of(1, 2, 3), options))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("PGF-RUN-004");
        assertThat(pgflow.executor().list(RunFilter.all())).isEmpty();
    }

    @Test
    void a_delayed_run_waits_for_its_time() throws Exception {
        Pgflow pgflow = engines.start(echo);

        Run<Object> run = pgflow.executor().start(echo, 1, StartOptions.none().delay(Duration.ofMillis(300)));

        assertThat(run.await(PATIENCE)).isEqualTo(1);
        RunSnapshot snapshot = run.snapshot();
        assertThat(Duration.between(snapshot.createdAt(), snapshot.startedAt().orElseThrow()))
                .isGreaterThanOrEqualTo(Duration.ofMillis(300));
    }

    @Test
    void when_workers_are_busy_high_goes_before_normal_before_low() throws Exception {
        List<Object> order = Collections.synchronizedList(new ArrayList<>());
        Workflow<Object, Object> noting = Flow.oneStep("noting", Object.class, Object.class, in -> {
            order.add(in.runInput());
            return "1";
        });
        Pgflow pgflow = engines.start(Engines.settings().concurrency(1), held, noting);
        pgflow.executor().start(held, null);
        begun.await();
        var runs = new ArrayList<Run<Object>>();
        for (Priority priority : List.of(Priority.LOW, Priority.NORMAL, Priority.HIGH)) {
            for (int i = 0; i < 2; i++) {
                runs.add(pgflow.executor()
                        .start(noting, priority.name(), StartOptions.none().priority(priority)));
            }
        }

        release.countDown();
        for (Run<Object> run : runs) {
            run.await(PATIENCE);
        }

        assertThat(order).containsExactly("\"HIGH\"", "\"HIGH\"", "\"NORMAL\"", "\"NORMAL\"", "\"LOW\"", "\"LOW\"");
    }

    @Test
    void a_run_started_in_the_callers_transaction_exists_when_that_commits() throws Exception {
        Pgflow pgflow = engines.start(echo);
        Pgflow elsewhere = engines.start();
        Run<Object> run;
        try (Connection connection = engines.database().getConnection()) {
            connection.setAutoCommit(false);
            run = pgflow.executor().start(connection, echo, "mine", StartOptions.none());
            assertThat(elsewhere.executor().find(run.id())).isEmpty();
            assertThat(connection.getAutoCommit()).isFalse();

            connection.commit();
        }

        assertThat(run.await(PATIENCE)).isEqualTo("mine");
    }

    @Test
    void a_run_started_in_a_transaction_that_rolls_back_leaves_nothing() throws Exception {
        Pgflow pgflow = engines.start(echo);
        StartOptions options = StartOptions.none().idempotencyKey("again");
        UUID id;
        try (Connection connection = engines.database().getConnection()) {
            connection.setAutoCommit(false);
            id = pgflow.executor().start(connection, echo, "mine", options).id();
            connection.rollback();
        }

        assertThat(pgflow.executor().find(id)).isEmpty();
        assertThat(pgflow.executor().events(id)).isEmpty();
        assertThat(engines.sql("select step from pgflow.tasks")).isEmpty();
        assertThat(pgflow.executor().start(echo, "second", options).await(PATIENCE))
                .isEqualTo("second");
    }

    @Test
    void many_runs_start_in_one_call_in_the_order_of_their_inputs() throws Exception {
        Pgflow pgflow = engines.start(echo);

        List<Run<Object>> runs = pgflow.executor()
                .startAll(
                        echo, IntStream.range(0, 2500).mapToObj(i -> (Object) i).toList(), StartOptions.none());

        for (int i = 0; i < runs.size(); i++) {
            assertThat(runs.get(i).await(PATIENCE)).isEqualTo(i);
        }
        assertThat(runs).hasSize(2500);
        assertThat(pgflow.executor().startAll(echo, List.of(), StartOptions.none()))
                .isEmpty();
    }

    @Test
    void a_workflow_that_some_process_defined_starts_by_its_name() throws Exception {
        engines.start(echo);
        Pgflow other = engines.start();

        assertThat(other.executor()
                        .startByName("echo", "{\"a\": [1]}", StartOptions.none())
                        .await(PATIENCE))
                .hasToString("{a=[1]}");
        assertThatThrownBy(() -> other.executor().startByName("ecco", "1", StartOptions.none()))
                .isInstanceOfSatisfying(
                        StartRefusedException.class,
                        e -> assertThat(e.code()).isEqualTo(StartRefusedException.UNKNOWN_WORKFLOW));
    }

    @Test
    void options_that_cannot_be_are_refused() {
        assertThatThrownBy(() -> StartOptions.none().delay(Duration.ofMillis(-1)))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("PGF-RUN-004");
        assertThatThrownBy(() -> StartOptions.none().label("k", "v".repeat(65)))
                .isInstanceOf(StartRefusedException.class);
        assertThatThrownBy(() -> StartOptions.none().idempotencyKey(" ")).isInstanceOf(StartRefusedException.class);
    }
}
