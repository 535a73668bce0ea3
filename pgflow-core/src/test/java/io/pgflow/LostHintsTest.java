package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.notify.Mode;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Notifications are hints: without them everything still happens. */
class LostHintsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final AtomicInteger heard = new AtomicInteger();
    private final Workflow<Object, Object> flow = Flow.of("flow", "$input -> each* -> first, second -> last")
            .step("first", in -> {
                if (in.context().attempt() == 1) {
                    throw new IllegalStateException("once");
                }
                return in.output("each");
            })
            .step("last", in -> in.output("first"))
            .returns("last")
            .untyped();

    @Test
    void with_notifications_off_runs_finish_and_events_are_heard() throws Exception {
        Pgflow starting = engines.start(Engines.settings().notifications(false));
        Pgflow working = engines.start(Engines.settings().notifications(false), flow);
        starting.events().subscribe(event -> heard.incrementAndGet());

        assertThat(starting.mode()).isEqualTo(Mode.OFF);
        assertFinishes(starting);
        assertThat(working.mode()).isEqualTo(Mode.OFF);
        assertAllHeard();
    }

    @Test
    void a_cancelled_handler_hears_of_it_without_notifications() throws Exception {
        var begun = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        Workflow<Object, Object> endless = Flow.oneStep("endless", Object.class, Object.class, in -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } finally {
                interrupted.countDown();
            }
            return "1";
        });
        Pgflow starting = engines.start(Engines.settings().notifications(false));
        engines.start(Engines.settings().notifications(false), endless);
        Run<Object> run = starting.executor().start(endless, null);
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

        run.cancel("enough");

        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOf(RunEndedException.class);
    }

    @Test
    void runs_finish_while_the_listening_connections_are_killed_again_and_again() throws Exception {
        Pgflow starting = engines.start();
        Pgflow working = engines.start(flow);
        starting.events().subscribe(event -> heard.incrementAndGet());
        await().atMost(PATIENCE).until(() -> starting.mode() == Mode.NOTIFY && working.mode() == Mode.NOTIFY);

        var killed = new ArrayList<String>();
        for (int i = 0; i < 5; i++) {
            killed.addAll(
                    engines.sql(
                            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'"));
            assertFinishes(starting);
        }
        assertThat(killed).isNotEmpty();
        await().atMost(PATIENCE).until(() -> starting.mode() == Mode.NOTIFY && working.mode() == Mode.NOTIFY);
        assertFinishes(starting);
        assertAllHeard();
    }

    @Test
    void work_that_nobody_announced_is_found() throws Exception {
        Pgflow pgflow = engines.start(flow);
        await().atMost(PATIENCE).until(() -> pgflow.mode() == Mode.NOTIFY);

        String run = engines.sql("select pgflow.start_run('flow', '[1, 2]', p_notify => false)")
                .get(0);

        assertThat(pgflow.executor().attach(flow, UUID.fromString(run)).await(PATIENCE))
                .isEqualTo(List.of("each", "each"));
    }

    private void assertFinishes(Pgflow starting) throws InterruptedException {
        var runs = new ArrayList<Run<Object>>();
        for (int i = 0; i < 5; i++) {
            runs.add(starting.executor().start(flow, List.of(1, 2, 3)));
        }
        for (Run<Object> run : runs) {
            assertThat(run.await(PATIENCE)).isEqualTo(List.of("each", "each", "each"));
        }
    }

    private void assertAllHeard() {
        int all = Integer.parseInt(
                engines.sql("select count(*) from pgflow.events").get(0));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).hasValue(all));
    }
}
