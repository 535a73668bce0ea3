package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.MDC;

/** How workers share work, and hand it on. */
class TwoWorkersTest {

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
    }
}
