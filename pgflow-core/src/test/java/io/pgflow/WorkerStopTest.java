package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How a worker lays its work down. */
class WorkerStopTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    /** Its first attempt does not end by itself. */
    private final Workflow<Object, Object> endless = Flow.oneStep("endless", Object.class, Object.class, in -> {
        events.add("begun");
        if (in.context().attempt() == 1) {
            new CountDownLatch(1).await();
        }
        return "2";
    });

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
        Thread closer = closing(closing);
        release.countDown();

        assertThat(run.await(PATIENCE)).isEqualTo(1);
        closer.join();
        assertThat(watching.executor().tasks(run.id()).get(0).attempts()).isEqualTo(1);
        assertThat(engines.sql("select end_cause from pgflow.workers")).containsExactly("retired");
    }

    @Test
    void what_runs_longer_than_the_grace_is_interrupted_and_handed_back_at_once() throws Exception {
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
        events.take();
        Thread closer = closing(first);
        release.countDown();
        closer.join();

        Pgflow second = engines.start(relay);

        assertThat(second.executor().find(run.id()).orElseThrow().state()).isIn(RunState.RUNNING, RunState.SUCCEEDED);
        assertThat(second.executor().attach(relay, run.id()).await(PATIENCE)).isEqualTo("second");
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

    /** The thread that closes it, once that has begun. */
    private static Thread closing(Pgflow pgflow) {
        var closer = new Thread(pgflow::close);
        closer.start();
        await().atMost(PATIENCE)
                .until(() -> pgflow.worker().orElseThrow().status().closed());
        return closer;
    }

    static List<String> engineThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("pgflow-") && !name.contains("handler") && !name.contains("test"))
                .toList();
    }
}
