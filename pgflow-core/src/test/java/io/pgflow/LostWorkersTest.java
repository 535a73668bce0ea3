package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.faults.Fault;
import io.pgflow.faults.FaultDataSource;
import io.pgflow.faults.Faults;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.testing.WorkerJvm;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A worker that dies or stalls, and what others and it itself do then. */
class LostWorkersTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);
    private final BlockingQueue<String> happened = new LinkedBlockingQueue<>();

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_a_stalled_worker_reports_too_late_changes_nothing(boolean succeeds) throws Exception {
        Workflow<Object, Object> stalling = Flow.oneStep("stalling", Object.class, Object.class, in -> {
            if (in.context().attempt() > 1) {
                return "\"second\"";
            }
            happened.add("begun");
            awaitDeafly(release);
            if (succeeds) {
                return "\"first\"";
            }
            throw new IllegalStateException("late");
        });
        // The first engine beats its heart and asks so seldom that it learns of its loss only after the test is over.
        Pgflow stalled = engines.start(
                Engines.settings()
                        .heartbeat(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMinutes(1))
                        .notifications(false)
                        .expiresAfter(Duration.ofMinutes(5))
                        .concurrency(1),
                stalling);
        Run<Object> run = stalled.executor().start(stalling, null);
        assertThat(happened.poll(60, TimeUnit.SECONDS)).isEqualTo("begun");
        loseWorkers();

        Pgflow other = engines.start(stalling);
        assertThat(other.executor().attach(stalling, run.id()).await(PATIENCE)).isEqualTo("second");
        release.countDown();

        await().atMost(PATIENCE)
                .until(() -> engines.sql("select report from pgflow.stale_reports")
                        .equals(List.of(succeeds ? "complete" : "fail")));
        assertThat(run.snapshot().output()).contains("\"second\"");
        await().atMost(PATIENCE)
                .until(() -> stalled.worker().orElseThrow().status().heldTasks() == 0);
    }

    @Test
    void a_worker_that_was_declared_lost_interrupts_its_handlers_and_registers_anew() throws Exception {
        Workflow<Object, Object> endless = Flow.oneStep("endless", Object.class, Object.class, in -> {
            if (in.context().attempt() > 1) {
                return "2";
            }
            happened.add("begun");
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                happened.add("interrupted " + in.context().isCancelled());
                throw e;
            }
            return "1";
        });
        Pgflow pgflow = engines.start(endless);
        long before = pgflow.worker().orElseThrow().status().workerId();
        Run<Object> run = pgflow.executor().start(endless, null);
        assertThat(happened.poll(60, TimeUnit.SECONDS)).isEqualTo("begun");

        loseWorkers();

        assertThat(happened.poll(60, TimeUnit.SECONDS)).isEqualTo("interrupted true");
        assertThat(run.await(PATIENCE)).isEqualTo(2);
        assertThat(pgflow.worker().orElseThrow().status().workerId()).isGreaterThan(before);
        assertThat(engines.sql("select losses from pgflow.tasks")).containsExactly("1");
    }

    @Test
    void an_idle_worker_that_was_declared_lost_goes_on_too() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "work").returns("work").untyped();
        Pgflow pgflow = engines.start(flow);

        loseWorkers();

        assertThat(pgflow.executor().start(flow, null).await(PATIENCE)).isEqualTo("work");
    }

    @Test
    void a_task_that_loses_three_workers_is_poison_and_fails_its_run() throws Exception {
        Workflow<Object, Object> poison = Flow.oneStep("poison", Object.class, Object.class, in -> {
            happened.add("begun");
            new CountDownLatch(1).await();
            return "1";
        });
        Pgflow pgflow = engines.start(poison);
        Run<Object> run = pgflow.executor().start(poison, null);

        for (int i = 0; i < 3; i++) {
            assertThat(happened.poll(60, TimeUnit.SECONDS)).isEqualTo("begun");
            loseWorkers();
        }

        assertThatThrownBy(() -> run.await(PATIENCE))
                .hasMessageContaining("PGF-RUN-001")
                .hasMessageContaining("PGF-RUN-020");
        assertThat(pgflow.executor().tasks(run.id()).get(0).state()).isEqualTo(TaskState.FAILED);
        assertThat(happened).isEmpty();
    }

    @Test
    void the_tasks_of_a_killed_process_run_elsewhere_within_thirteen_seconds() throws Exception {
        Workflow<Object, Object> killed = WorkerJvm.workflow(happened);
        Pgflow starting = engines.start();
        Run<Object> run = starting.executor().start(killed, null);
        try (WorkerJvm jvm = WorkerJvm.start(engines.database())) {
            await().atMost(PATIENCE)
                    .until(() -> starting.executor().tasks(run.id()).get(0).state() == TaskState.RUNNING);
            Pgflow survivor = Pgflow.on(engines.pool()).with(killed).start();
            engines.closeLater(survivor);

            jvm.kill();
            engines.sql("create table killed as select clock_timestamp() as at");
        }

        assertThat(run.await(PATIENCE)).isEqualTo("survived");
        assertThat(
                        engines.sql(
                                "select max(e.at) - k.at < interval '13 seconds' from pgflow.events e, killed k where e.transition = 4 group by k.at"))
                .containsExactly("t");
        assertThat(engines.sql("select count(*) from pgflow.events where transition = 4"))
                .containsExactly("2");
    }

    @Test
    void whoever_is_back_first_after_an_outage_leaves_the_others_time_to_come_back() throws Exception {
        Workflow<Object, Object> held = Flow.oneStep("held", Object.class, Object.class, in -> {
            if (in.context().attempt() > 1) {
                return "\"second\"";
            }
            happened.add("begun");
            awaitDeafly(release);
            return "\"first\"";
        });
        // One that beats its heart and asks so seldom that it is silent from the outage on.
        Pgflow silent = engines.start(
                Engines.settings()
                        .heartbeat(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMinutes(1))
                        .notifications(false)
                        .expiresAfter(Duration.ofMinutes(5)),
                held);
        Run<Object> run = silent.executor().start(held, null);
        assertThat(happened.poll(60, TimeUnit.SECONDS)).isEqualTo("begun");
        Faults faults = Faults.seeded(1);
        Pgflow back = engines.closeLater(
                Pgflow.on(engines.closeLater(Engines.pool(FaultDataSource.around(engines.database(), faults))))
                        .settings(Engines.settings().build())
                        .with(held)
                        .start());

        faults.rate(1);
        await().atMost(PATIENCE).until(() -> faults.count(Fault.FAIL_BEFORE) > 8);
        engines.sql("update pgflow.workers set heartbeat_at = heartbeat_at - interval '1 day' where worker_id = 1");
        engines.sql("create table healed as select clock_timestamp() as at");
        faults.rate(0);

        assertThat(back.executor().attach(held, run.id()).await(PATIENCE)).isEqualTo("second");
        release.countDown();
        assertThat(
                        engines.sql(
                                "select w.ended_at - h.at >= interval '5 seconds' from pgflow.workers w, healed h where w.worker_id = 1"))
                .containsExactly("t");
    }

    /** All that are there now, as if their hearts had not beaten for a day; in one transaction, so that no beat comes between. */
    private void loseWorkers() {
        String newest = engines.sql("select max(worker_id) from pgflow.workers").get(0);
        await().atMost(PATIENCE).until(() -> {
            engines.sql("""
                    do $$
                    begin
                        update pgflow.workers set heartbeat_at = heartbeat_at - interval '1 day'
                        where ended_at is null and worker_id <= %s;
                        perform pgflow.expire_workers();
                        perform pgflow.expire_workers();
                    end;
                    $$""".formatted(newest));
            return engines.sql("select worker_id from pgflow.workers where ended_at is null and worker_id <= " + newest)
                    .isEmpty();
        });
    }

    private static void awaitDeafly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                // deaf
            }
        }
    }
}
