package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.TaskSnapshot;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.RetryAfterException;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.MDC;

/** How a worker takes up work, and what its handlers see. */
class WorkerTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    @Test
    void a_task_that_nobody_can_run_waits_in_sight_until_somebody_comes_who_can() throws Exception {
        Workflow<Object, Object> wanted =
                Flow.of("wanted", "first -> second").returns("second").untyped();
        Workflow<Object, Object> other =
                Flow.of("other", "work").returns("work").untyped();
        Pgflow without = engines.start(other);

        Run<Object> run = without.executor().start(wanted, null);

        await().atMost(PATIENCE)
                .until(() -> without.executor().tasks(run.id()).stream().anyMatch(TaskSnapshot::unserved));
        assertThat(without.executor().tasks(run.id()))
                .extracting(TaskSnapshot::state)
                .containsExactly(TaskState.SCHEDULED, TaskState.PENDING);
        assertThat(engines.sql("select step from pgflow.unserved_tasks")).containsExactly("first");
        assertThat(without.executor().start(other, null).await(PATIENCE)).isEqualTo("work");

        engines.start(wanted);

        assertThat(run.await(PATIENCE)).isEqualTo("second");
        assertThat(without.executor().tasks(run.id())).noneMatch(TaskSnapshot::unserved);
    }

    @Test
    void two_engines_share_the_work() throws Exception {
        Set<String> workers = ConcurrentHashMap.newKeySet();
        TaskHandler work = in -> {
            workers.add(MDC.get("pgflow.worker"));
            if (workers.size() == 2) {
                release.countDown();
            }
            release.await();
            return "1";
        };
        Workflow<Object, Object> shared = Flow.oneStep("shared", Object.class, Object.class, work);
        Pgflow one = engines.start(Engines.settings().workerName("one").concurrency(2), shared);
        engines.start(Engines.settings().workerName("two").concurrency(2), shared);

        for (Run<Object> run : one.executor().startAll(shared, Collections.nCopies(20, "x"), StartOptions.none())) {
            assertThat(run.await(PATIENCE)).isEqualTo(1);
        }
        assertThat(workers).containsExactlyInAnyOrder("one", "two");
    }

    /** Each of them waits until all have begun. */
    @Test
    void ten_times_as_many_handlers_run_at_once_as_there_are_connections() throws Exception {
        int many = 120;
        var begun = new CountDownLatch(many);
        Workflow<Object, Object> meeting = Flow.oneStep("meeting", Object.class, Object.class, in -> {
            begun.countDown();
            begun.await();
            return "1";
        });
        Pgflow pgflow = engines.start(Engines.settings().concurrency(many), meeting);

        for (Run<Object> run :
                pgflow.executor().startAll(meeting, Collections.nCopies(many, "x"), StartOptions.none())) {
            assertThat(run.await(PATIENCE)).isEqualTo(1);
        }
    }

    @Test
    void a_queue_that_never_empties_does_not_starve_the_next() throws Exception {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        TaskHandler noting = in -> {
            release.await();
            order.add(in.context().workflow());
            return "1";
        };
        Workflow<Object, Object> busy = Flow.of("busy", "work")
                .step("work", noting)
                .options("work", step -> step.withQueue("first"))
                .untyped();
        Workflow<Object, Object> quiet = Flow.of("quiet", "work")
                .step("work", noting)
                .options("work", step -> step.withQueue("second"))
                .untyped();
        Pgflow pgflow =
                engines.start(Engines.settings().queues("first", "second").concurrency(1), busy, quiet);
        List<Run<Object>> many = pgflow.executor().startAll(busy, Collections.nCopies(50, "x"), StartOptions.none());
        Run<Object> one = pgflow.executor().start(quiet, "x");

        release.countDown();
        one.await(PATIENCE);

        for (Run<Object> run : many) {
            run.await(PATIENCE);
        }
        assertThat(order.indexOf("quiet")).isLessThan(10);
    }

    @Test
    void a_definition_that_this_process_cannot_read_stops_no_other_work() throws Exception {
        Workflow<Object, Object> newer = Flow.of("newer", "work").untyped();
        Workflow<Object, Object> known =
                Flow.of("known", "work").returns("work").untyped();
        Pgflow starting = engines.start();
        starting.executor().define(newer);
        engines.sql("update pgflow.workflows set definition = definition || '{\"inventedLater\": 1}'");
        Run<Object> unreadable = starting.executor().start(newer, null);

        Pgflow pgflow = engines.start(known, Flow.of("newer", "work").untyped());

        assertThatThrownBy(() -> unreadable.await(PATIENCE)).hasMessageContaining("inventedLater");
        assertThat(pgflow.executor().start(known, null).await(PATIENCE)).isEqualTo("work");
    }

    /** Four of them fill what is kept in memory. */
    @Test
    void of_more_large_definitions_than_are_kept_each_stays_one_version_and_runs_by_its_own_text() throws Exception {
        List<Workflow<Object, Object>> large =
                IntStream.range(0, 6).mapToObj(WorkerTest::large).toList();
        Pgflow pgflow = engines.closeLater(Pgflow.on(engines.pool())
                .settings(Engines.settings().build())
                .with(RegisteredHandler.of(
                        "text.head",
                        String.class,
                        String.class,
                        in -> in.input().substring(0, 2)))
                .start());

        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < large.size(); i++) {
                assertThat(pgflow.executor().start(large.get(i), null).await(PATIENCE))
                        .isEqualTo(i + "x");
                assertThat(pgflow.executor().define(large.get(i))).isEqualTo(1);
            }
        }
    }

    private static Workflow<Object, Object> large(int number) {
        StepDefinition step =
                StepDefinition.of("work", "text.head").withInput("\"" + number + "x".repeat(900_000) + "\"");
        return Workflow.of(new WorkflowDefinition("large_" + number, List.of(step), Optional.of("work")));
    }

    @Test
    void a_report_that_the_database_cannot_take_holds_up_no_other_and_its_task_ends() throws Exception {
        Workflow<Object, Object> odd = Flow.oneStep("odd", Object.class, Object.class, in -> {
            throw new RetryAfterException(Duration.ofSeconds(Long.MAX_VALUE), "never again");
        });
        Workflow<Object, Object> fine = Flow.oneStep("fine", Object.class, Object.class, in -> "1");
        Pgflow pgflow = engines.start(odd, fine);
        Run<Object> run = pgflow.executor().start(odd, null);

        await().atMost(PATIENCE)
                .until(() -> pgflow.executor().tasks(run.id()).get(0).state() != TaskState.RUNNING
                        && pgflow.executor().tasks(run.id()).get(0).attempts() > 0);

        assertThat(pgflow.executor().start(fine, null).await(PATIENCE)).isEqualTo(1);
        run.cancel("the test is over");
    }

    @Test
    void the_log_context_names_the_task_while_its_handler_runs_and_is_empty_after() throws Exception {
        Map<String, String> during = new ConcurrentHashMap<>();
        Workflow<Object, Object> logging = Flow.of("logging", "$input -> each*")
                .step("each", in -> {
                    during.putAll(MDC.getCopyOfContextMap());
                    MDC.put("left.behind", "by the application");
                    if (during.containsKey("left.behind")) {
                        throw new NonRetryableException("the context was not cleared");
                    }
                    return "1";
                })
                .untyped();
        Pgflow pgflow = engines.start(Engines.settings().workerName("logger").concurrency(1), logging);

        Run<Object> run = pgflow.executor().start(logging, List.of(1, 2, 3));
        run.await(PATIENCE);

        assertThat(during)
                .containsEntry("pgflow.run", run.id().toString())
                .containsEntry("pgflow.workflow", "logging")
                .containsEntry("pgflow.step", "each")
                .containsEntry("pgflow.item", "2")
                .containsEntry("pgflow.attempt", "1")
                .containsEntry("pgflow.worker", "logger")
                .hasSize(6);
    }

    @Test
    void a_worker_runs_as_many_handlers_at_once_as_it_may() throws Exception {
        Workflow<Object, Object> counting = Flow.oneStep("counting", Object.class, Object.class, in -> {
            events.add("begun");
            release.await();
            return "1";
        });
        Pgflow pgflow = engines.start(Engines.settings().concurrency(3), counting);
        List<Run<Object>> runs = pgflow.executor().startAll(counting, Collections.nCopies(9, "x"), StartOptions.none());

        await().atMost(PATIENCE)
                .until(() -> pgflow.worker().orElseThrow().status().busySlots() == 3);
        assertThat(events).hasSize(3);
        release.countDown();
        for (Run<Object> run : runs) {
            run.await(PATIENCE);
        }
        assertThat(events).hasSize(9);
    }
}
