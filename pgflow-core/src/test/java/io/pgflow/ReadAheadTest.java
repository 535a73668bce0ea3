package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.event.EventType;
import io.pgflow.executor.CancelOutcome;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.worker.WorkerStatus;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.TaskInput;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What holds of tasks that a worker claimed before it had a handler free for them (decision 0015). */
class ReadAheadTest {

    private static final int MANY = 2000;
    private static final String LARGEST_CLAIM = """
            select max(c.tasks)
            from (select count(*) as tasks from pgflow.audit where transition = 4 group by worker_id, at) c
            """;

    @RegisterExtension
    final Engines engines = new Engines();

    private final CompletableFuture<Pgflow> readingAhead = new CompletableFuture<>();
    private final Set<UUID> begun = ConcurrentHashMap.newKeySet();
    private final BlockingQueue<Integer> waitingWhenBlocked = new LinkedBlockingQueue<>();
    private final Semaphore mayBlock = new Semaphore(1);
    private final Semaphore mayGoOn = new Semaphore(0);

    @Test
    void a_worker_whose_handlers_end_quickly_claims_more_than_it_runs_at_once() throws Exception {
        Workflow<Object, Object> quick = quick(in -> "1");
        List<Run<Object>> runs = start(engines.start(), quick);

        engines.start(Engines.settings().concurrency(2), quick);

        for (Run<Object> run : runs) {
            assertThat(run.await(PATIENCE)).isEqualTo(1);
        }
        assertThat(Integer.parseInt(engines.sql(LARGEST_CLAIM).get(0))).isGreaterThan(2);
        assertThat(engines.sql("select count(*) from pgflow.tasks where releases > 0 and attempts <> releases + 1"))
                .containsExactly("0");
    }

    @Test
    void a_worker_whose_handlers_have_not_ended_claims_no_more_than_it_runs_at_once() throws Exception {
        var release = new CountDownLatch(1);
        Workflow<Object, Object> slow = quick(in -> {
            release.await();
            return "1";
        });
        start(engines.start(), slow, 20);
        Pgflow working = engines.start(Engines.settings().concurrency(2), slow);

        await().atMost(PATIENCE).until(() -> status(working).busySlots() == 2);
        engines.start(Engines.settings().concurrency(18), slow);
        await().atMost(PATIENCE)
                .until(() -> engines.sql("select count(*) from pgflow.tasks where state = 'RUNNING'")
                        .equals(List.of("20")));

        assertThat(status(working).heldTasks()).isEqualTo(2);
        release.countDown();
    }

    @Test
    void what_waits_behind_a_long_task_is_handed_back_and_done_elsewhere() throws Exception {
        Workflow<Object, Object> quick = quick(this::blockOnceWhenOthersWait);
        List<Run<Object>> runs = start(engines.start(), quick);
        Pgflow reading = engines.start(Engines.settings().concurrency(1), quick);
        readingAhead.complete(reading);
        assertThat(waitingWhenBlocked.poll(60, TimeUnit.SECONDS)).isPositive();

        engines.start(quick);

        await().atMost(PATIENCE).until(() -> unfinished(quick) == 1);
        assertThat(status(reading))
                .returns(1, WorkerStatus::busySlots)
                .returns(0, WorkerStatus::waitingTasks)
                .returns(1, WorkerStatus::heldTasks);
        assertThat(Integer.parseInt(
                        engines.sql("select sum(releases) from pgflow.tasks").get(0)))
                .isPositive();
        mayGoOn.release();
        for (Run<Object> run : runs) {
            assertThat(run.await(PATIENCE)).isEqualTo(1);
        }
        assertThat(runs)
                .flatMap(run -> reading.executor().events(run.id()))
                .filteredOn(event -> event.type() == EventType.TASK_RETRYING)
                .isNotEmpty()
                .allSatisfy(event -> assertThat(event.detail()).isEmpty());
    }

    @Test
    void closing_hands_back_what_has_not_begun_before_it_waits_for_what_has() throws Exception {
        Workflow<Object, Object> quick = quick(this::blockOnceWhenOthersWait);
        start(engines.start(), quick);
        Pgflow closing = engines.start(Engines.settings().concurrency(1).stopGrace(Duration.ofMinutes(1)), quick);
        readingAhead.complete(closing);
        assertThat(waitingWhenBlocked.poll(60, TimeUnit.SECONDS)).isPositive();
        var closer = new Thread(closing::close);
        closer.start();

        engines.start(quick);

        await().atMost(PATIENCE).until(() -> unfinished(quick) == 1);
        assertThat(closer.isAlive()).isTrue();
        mayGoOn.release();
        closer.join();
        await().atMost(PATIENCE).until(() -> unfinished(quick) == 0);
        assertThat(engines.sql("select count(*) from pgflow.stale_reports")).containsExactly("0");
    }

    @Test
    void a_cancelled_task_that_waits_never_begins() throws Exception {
        Workflow<Object, Object> quick = quick(this::blockOnceWhenOthersWait);
        start(engines.start(), quick);
        Pgflow pgflow = engines.start(Engines.settings().concurrency(1), quick);
        readingAhead.complete(pgflow);

        List<UUID> cancelled = cancelWhatWaits(pgflow, quick);
        while (cancelled.isEmpty()) { // it had been handed back when the cancellation came: it waits for 100 ms at most
            mayBlock.release();
            mayGoOn.release();
            cancelled = cancelWhatWaits(pgflow, quick);
        }
        mayGoOn.release();

        await().atMost(PATIENCE).until(() -> unfinished(quick) == 0);
        assertThat(begun).doesNotContainAnyElementsOf(cancelled);
    }

    /** Waits until a handler blocks and others wait behind it; which of these were cancelled while the worker held them. */
    private List<UUID> cancelWhatWaits(Pgflow pgflow, Workflow<Object, Object> quick) throws InterruptedException {
        assertThat(waitingWhenBlocked.poll(60, TimeUnit.SECONDS)).isPositive();
        Set<UUID> hadBegun = Set.copyOf(begun);
        List<UUID> cancelled = engines.sql("select run_id from pgflow.tasks where state = 'RUNNING' limit 40").stream()
                .map(UUID::fromString)
                .filter(run -> !hadBegun.contains(run)) // the one that blocks stays, and keeps the others waiting
                .filter(run -> pgflow.executor().attach(quick, run).cancel("unwanted") == CancelOutcome.CANCELLED)
                .filter(run -> pgflow.executor().events(run).stream()
                        .anyMatch(event -> event.type() == EventType.TASK_CANCELLED
                                && event.from().equals(Optional.of(TaskState.RUNNING))))
                .toList();
        await().atMost(PATIENCE).until(() -> status(pgflow).waitingTasks() == 0);
        return cancelled;
    }

    private Workflow<Object, Object> quick(TaskHandler handler) {
        return Flow.oneStep("quick", Object.class, Object.class, handler);
    }

    private String blockOnceWhenOthersWait(TaskInput in) throws Exception {
        begun.add(in.context().runId());
        int waiting = status(readingAhead.get()).waitingTasks();
        if (waiting > 0 && mayBlock.tryAcquire()) {
            waitingWhenBlocked.add(waiting);
            mayGoOn.acquire();
        }
        return "1";
    }

    private List<Run<Object>> start(Pgflow pgflow, Workflow<Object, Object> workflow) {
        return start(pgflow, workflow, MANY);
    }

    private List<Run<Object>> start(Pgflow pgflow, Workflow<Object, Object> workflow, int runs) {
        pgflow.executor().define(workflow);
        return pgflow.executor().startAll(workflow, Collections.nCopies(runs, "x"), StartOptions.none());
    }

    private int unfinished(Workflow<?, ?> workflow) {
        return Integer.parseInt(engines.sql(
                        "select count(*) from pgflow.runs r join pgflow.workflows w using (workflow_id)"
                                + " where r.state = 'RUNNING' and w.name = ?",
                        workflow.name())
                .get(0));
    }

    private static WorkerStatus status(Pgflow pgflow) {
        return pgflow.worker().orElseThrow().status();
    }
}
