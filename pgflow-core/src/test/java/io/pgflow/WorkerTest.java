package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.TaskSnapshot;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.NonRetryableException;
import io.pgflow.workflow.RetryAfterException;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.MDC;

/** How work is shared, taken up and laid down. */
class WorkerTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

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
        assertThat(engines.sql("select a_worker_has_it from pgflow.unserved_tasks"))
                .containsExactly("f");
        assertThat(without.executor().start(other, null).await(PATIENCE)).isEqualTo("work");

        engines.start(wanted);

        assertThat(run.await(PATIENCE)).isEqualTo("second");
        assertThat(without.executor().tasks(run.id())).noneMatch(TaskSnapshot::unserved);
    }

    @Test
    void closing_waits_for_running_handlers_and_loses_nothing() throws Exception {
        Workflow<Object, Object> slow = Flow.oneStep("slow", Object.class, Object.class, in -> {
            events.add("begun");
            release.await();
            return "1";
        });
        Pgflow closing = engines.start(slow);
        Pgflow watching = engines.start();
        Run<Object> run = watching.executor().start(slow, null);
        events.take();
        Thread closer = new Thread(closing::close);
        closer.start();
        await().atMost(PATIENCE)
                .until(() -> closing.worker().orElseThrow().status().closed());
        release.countDown();

        assertThat(run.await(PATIENCE)).isEqualTo(1);
        closer.join();
        assertThat(watching.executor().tasks(run.id()).get(0).attempts()).isEqualTo(1);
        assertThat(engines.sql("select end_cause from pgflow.workers")).containsExactly("retired");
    }

    @Test
    void what_runs_longer_than_the_grace_is_interrupted_and_handed_back_at_once() throws Exception {
        Workflow<Object, Object> endless = Flow.oneStep("endless", Object.class, Object.class, in -> {
            events.add("begun");
            if (in.context().attempt() == 1) {
                new CountDownLatch(1).await();
            }
            return "2";
        });
        Pgflow closing = engines.start(Engines.settings().stopGrace(Duration.ofMillis(50)), endless);
        Run<Object> run = closing.executor().start(endless, null);
        events.take();

        closing.close();

        Pgflow next = engines.start(endless);
        assertThat(next.executor().attach(endless, run.id()).await(PATIENCE)).isEqualTo(2);
        assertThat(engines.sql("select releases from pgflow.tasks")).containsExactly("1");
        assertThat(engines.sql("select count(*) from pgflow.stale_reports")).containsExactly("0");
    }

    @Test
    void closing_ends_though_a_handler_never_does() throws Exception {
        Workflow<Object, Object> deaf = Flow.oneStep("deaf", Object.class, Object.class, in -> {
            events.add("begun");
            while (release.getCount() > 0) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    events.add("interrupted");
                }
            }
            return "1";
        });
        Pgflow closing = engines.start(Engines.settings().stopGrace(Duration.ofMillis(50)), deaf);
        Run<Object> run = closing.executor().start(deaf, null);
        events.take();

        closing.close();

        assertThat(events.take()).isEqualTo("interrupted");
        release.countDown();
        assertThat(engines.start(deaf).executor().attach(deaf, run.id()).await(PATIENCE))
                .isEqualTo(1);
    }

    @Test
    void a_closed_worker_stays_closed_and_registers_no_successor() {
        Workflow<Object, Object> flow = Flow.of("flow", "work").untyped();
        for (int i = 0; i < 10; i++) {
            engines.start(Engines.settings().heartbeat(Duration.ofMillis(10)), flow)
                    .close();
        }

        assertThat(engines.sql("select end_cause from pgflow.workers"))
                .hasSize(10)
                .containsOnly("retired");
    }

    @Test
    void closing_takes_the_handlers_back_though_the_closing_thread_is_interrupted() throws Exception {
        Workflow<Object, Object> endless = Flow.oneStep("endless", Object.class, Object.class, in -> {
            events.add("begun");
            if (in.context().attempt() == 1) {
                new CountDownLatch(1).await();
            }
            return "2";
        });
        Pgflow closing = engines.start(endless);
        Run<Object> run = closing.executor().start(endless, null);
        events.take();
        Thread closer = new Thread(() -> {
            Thread.currentThread().interrupt();
            closing.close();
        });

        closer.start();
        closer.join();

        assertThat(engines.sql("select end_cause from pgflow.workers")).containsExactly("retired");
        assertThat(engines.start(endless).executor().attach(endless, run.id()).await(PATIENCE))
                .isEqualTo(2);
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

    @Test
    void a_closed_engine_leaves_no_thread_behind() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "work").untyped();
        Pgflow pgflow = engines.start(flow);
        pgflow.events().subscribe(event -> events.add(event.type().name()));
        Run<Object> run = pgflow.executor().start(flow, null);
        run.await(PATIENCE);

        pgflow.close();

        await().atMost(PATIENCE).untilAsserted(() -> assertThat(engineThreads()).isEmpty());
        assertThat(run.toString()).contains(run.id().toString());
    }

    static List<String> engineThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("pgflow-") && !name.contains("handler") && !name.contains("test"))
                .toList();
    }

    @Test
    void a_run_is_not_lost_when_its_worker_leaves_between_two_of_its_steps() throws Exception {
        Workflow<Object, Object> relay = Flow.of("relay", "first -> second")
                .step("first", in -> {
                    events.add("begun");
                    release.await();
                    return "1";
                })
                .returns("second")
                .untyped();
        Pgflow first = engines.start(relay);
        Run<Object> run = first.executor().start(relay, null);
        events.poll(60, TimeUnit.SECONDS);
        Thread closer = new Thread(first::close);
        closer.start();
        await().atMost(PATIENCE)
                .until(() -> first.worker().orElseThrow().status().closed());
        release.countDown();
        closer.join();

        Pgflow second = engines.start(relay);

        assertThat(second.executor().find(run.id()).orElseThrow().state()).isIn(RunState.RUNNING, RunState.SUCCEEDED);
        assertThat(second.executor().attach(relay, run.id()).await(PATIENCE)).isEqualTo("second");
        assertThat(Stream.of(run.id())).hasSize(1);
    }
}
