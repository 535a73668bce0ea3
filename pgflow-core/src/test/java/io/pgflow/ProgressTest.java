package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.progress.ProgressSubscription;
import io.pgflow.progress.Told;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What handlers tell while they work, and who hears it. */
class ProgressTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);

    @Test
    void a_report_is_seen_while_the_handler_works() throws Exception {
        Workflow<Object, Object> flow = telling(in -> {
            in.context().report(0.1, "begun");
            in.context().report(0.4, "at work", Map.of("pages", 4));
            release.await();
            return "1";
        });
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, null);
        Pgflow elsewhere = engines.start();

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(elsewhere.executor().progress().read(run.id(), 0, 10))
                        .singleElement()
                        .isInstanceOfSatisfying(Told.Report.class, report -> {
                            assertThat(report.fraction()).isEqualTo(0.4);
                            assertThat(report.message()).isEqualTo("at work");
                            assertThat(report.detail()).contains("{\"pages\": 4}");
                            assertThat(report.by().step()).isEqualTo("work");
                            assertThat(report.by().replaced()).isFalse();
                        }));
        release.countDown();
        run.await(PATIENCE);
    }

    @Test
    void a_subscriber_elsewhere_gets_every_part_of_an_output_once_in_order_and_before_the_run_has_ended()
            throws Exception {
        int parts = 2_500;
        Workflow<Object, Object> flow = telling(in -> {
            for (int i = 0; i < parts; i++) {
                in.context().emit(i);
            }
            return "\"done\"";
        });
        Pgflow pgflow = engines.start(flow);
        Pgflow elsewhere = engines.start();
        Queue<String> heard = new ConcurrentLinkedQueue<>();
        Run<Object> run = pgflow.executor().start(flow, null);
        try (ProgressSubscription subscription =
                elsewhere.executor().progress().subscribe(run.id(), 0, told -> heard.add(((Told.Chunk) told).json()))) {
            run.await(PATIENCE);
            assertThat(engines.sql("select count(*) from pgflow.task_chunks")).containsExactly(String.valueOf(parts));
            await().atMost(PATIENCE).until(() -> heard.size() >= parts);
            assertThat(subscription.position()).isPositive();
        }

        assertThat(heard)
                .containsExactlyElementsOf(
                        IntStream.range(0, parts).mapToObj(String::valueOf).toList());
    }

    @Test
    void what_a_later_attempt_gives_is_told_apart() throws Exception {
        Workflow<Object, Object> flow = telling(in -> {
            in.context().emit("attempt " + in.context().attempt());
            if (in.context().attempt() == 1) {
                throw new IllegalStateException("not yet");
            }
            return "1";
        });
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, null);
        run.await(PATIENCE);

        assertThat(pgflow.executor().progress().read(run.id(), 0, 10))
                .extracting(told -> ((Told.Chunk) told).json() + " " + told.by().attempt() + " "
                        + told.by().replaced())
                .containsExactly("\"attempt 1\" 1 true", "\"attempt 2\" 2 false");
    }

    @ParameterizedTest
    @ValueSource(strings = {"message", "detail", "chunk"})
    void what_is_too_large_is_refused_and_fails_the_attempt_for_good(String what) {
        String large = "x".repeat(70_000);
        Workflow<Object, Object> flow = telling(in -> {
            switch (what) {
                case "message" -> in.context().report(0.5, large);
                case "detail" -> in.context().report(0.5, "", large);
                default -> in.context().emit(large);
            }
            return "1";
        });
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, null);

        assertThatThrownBy(() -> run.await(PATIENCE)).hasMessageContaining("PGF-RUN-063");
        assertThat(pgflow.executor().tasks(run.id()).get(0).attempts()).isOne();
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.0000001, Double.NaN})
    void what_is_no_fraction_is_refused_and_fails_the_attempt_for_good(double fraction) {
        Workflow<Object, Object> flow = telling(in -> {
            in.context().report(fraction, "at work");
            return "1";
        });

        assertThatThrownBy(
                        () -> engines.start(flow).executor().start(flow, null).await(PATIENCE))
                .hasMessageContaining("PGF-RUN-065");
    }

    @Test
    void a_subscription_ends_when_its_run_has_ended_and_all_was_told() throws Exception {
        Workflow<Object, Object> flow = telling(in -> {
            in.context().emit(1);
            release.await();
            in.context().emit(2);
            return "1";
        });
        Pgflow pgflow = engines.start(flow);
        Queue<String> heard = new ConcurrentLinkedQueue<>();
        Run<Object> run = pgflow.executor().start(flow, null);
        ProgressSubscription subscription =
                pgflow.executor().progress().subscribe(run.id(), 0, told -> heard.add(((Told.Chunk) told).json()));
        await().atMost(PATIENCE).until(() -> heard.size() == 1);
        assertThat(subscription.isClosed()).isFalse();

        release.countDown();

        await().atMost(PATIENCE).until(subscription::isClosed);
        assertThat(heard).containsExactly("1", "2");
        pgflow.executor().close();
        assertThatThrownBy(() -> pgflow.executor().progress().subscribe(run.id(), 0, told -> {}))
                .hasMessageContaining("closed");
    }

    @Test
    void too_many_parts_are_refused() {
        Workflow<Object, Object> flow = telling(in -> {
            for (int i = 0; i <= 10_000; i++) {
                in.context().emit(i);
            }
            return "1";
        });
        Pgflow pgflow = engines.start(flow);

        assertThatThrownBy(() -> pgflow.executor().start(flow, null).await(PATIENCE))
                .hasMessageContaining("PGF-RUN-064");
    }

    @Test
    void a_handler_that_tells_nothing_costs_no_thread_and_one_that_tells_is_no_part_of_the_history() throws Exception {
        Workflow<Object, Object> flow = telling(in -> {
            in.context().report(1, "done");
            return "1";
        });
        Pgflow pgflow = engines.start(flow);
        await().atMost(PATIENCE)
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().equals("pgflow-progress")));
        Run<Object> run = pgflow.executor().start(flow, null);
        run.await(PATIENCE);

        assertThat(pgflow.executor().events(run.id())).hasSize(5);
        assertThat(pgflow.executor().progress().read(run.id(), 0, 10)).hasSize(1);
    }

    private static Workflow<Object, Object> telling(TaskHandler handler) {
        return Flow.oneStep("telling", Object.class, Object.class, handler);
    }
}
