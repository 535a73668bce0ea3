package io.pgflow.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.DatabaseException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class JooqTaskStoreTest {

    private final StoreDatabase database = StoreDatabase.fresh();
    private final TaskStore tasks = database.tasks();
    private final RunStore runs = database.runs();

    @AfterEach
    void what_the_calls_left_behind_is_sound() {
        assertThat(runs.verify()).isEmpty();
    }

    @Test
    void a_claimed_task_brings_what_its_handler_needs() {
        long workflow = database.chain();
        UUID run = database.start(workflow, "{\"text\": \"a \\\"quoted\\\" \\\\ {,} é\"}");
        long worker = database.worker();

        ClaimedTask first = database.claim(worker).get(0);
        assertThat(first)
                .isEqualTo(new ClaimedTask(
                        new TaskId(run, (short) 1, 0, 1),
                        workflow,
                        1,
                        "{\"text\": \"a \\\"quoted\\\" \\\\ {,} é\"}",
                        null));

        Outcome outcome = tasks.complete(worker, List.of(new Report.Completion(first.id(), "[1, null]")));
        assertThat(outcome.wokenQueues()).containsExactly("default");
        assertThat(outcome.stale()).isEmpty();
        assertThat(database.claim(worker).get(0).outputs()).isEqualTo("{\"first\": [1, null]}");
    }

    @Test
    void the_last_completion_ends_the_run() {
        UUID run = database.start(database.chain(), "1");
        long worker = database.worker();
        completeAll(worker, "10");
        assertThat(completeAll(worker, "20").endedRuns()).containsExactly(run);
        assertThat(runs.results(List.of(run))).containsExactly(new RunResult(run, "SUCCEEDED", "20", null));
    }

    @Test
    void late_reports_are_named_by_their_position_from_zero() {
        long workflow = database.chain();
        database.start(workflow, "1");
        database.start(workflow, "2");
        long worker = database.worker();
        List<TaskId> claimed = claimedIds(worker);
        TaskId late = new TaskId(claimed.get(1).runId(), (short) 1, 0, 0);

        assertThat(tasks.complete(
                                worker,
                                List.of(new Report.Completion(claimed.get(0), "1"), new Report.Completion(late, "2")))
                        .stale())
                .containsExactly(1);
        assertThat(tasks.fail(worker, List.of(failure(late, true, Optional.empty())))
                        .stale())
                .containsExactly(0);
    }

    @Test
    void a_failure_is_retried_no_earlier_than_asked_and_an_ended_one_ends_the_run() {
        UUID run = database.start(database.chain(), "1");
        long worker = database.worker();

        Outcome retried = tasks.fail(
                worker, List.of(failure(claimedIds(worker).get(0), true, Optional.of(Duration.ofHours(30)))));
        assertThat(retried.nextDueIn())
                .hasValueSatisfying(due -> assertThat(due).isBetween(Duration.ofHours(29), Duration.ofHours(31)));
        assertThat(tasks.fireTimers().nextDueIn()).isPresent();
        assertThat(runs.tasks(run, 0, 0, 10).get(0).state()).isEqualTo("RETRYING");

        UUID other = database.start(database.chain(), "1");
        Outcome failed = tasks.fail(worker, List.of(failure(claimedIds(worker).get(0), false, Optional.empty())));
        assertThat(failed.endedRuns()).containsExactly(other);
        assertThat(failed.nextDueIn()).isEmpty();
    }

    @Test
    void a_timer_that_is_due_brings_the_task_back() {
        database.start(database.chain(), "1");
        long worker = database.worker();
        tasks.fail(worker, List.of(failure(claimedIds(worker).get(0), true, Optional.empty())));
        assertThat(tasks.fireTimers().wokenQueues()).containsExactly("default");
        assertThat(database.claim(worker))
                .singleElement()
                .satisfies(task -> assertThat(task.attempt()).isEqualTo(2));
    }

    @Test
    void a_heartbeat_names_the_tasks_that_are_no_longer_ones_own() {
        database.start(database.chain(), "1");
        long worker = database.worker();
        TaskId mine = claimedIds(worker).get(0);
        TaskId notMine = new TaskId(mine.runId(), (short) 1, 0, 7);

        assertThat(tasks.heartbeat(worker, List.of(notMine, mine))).isEqualTo(new Heartbeat(true, Set.of(0)));
        assertThat(tasks.heartbeat(worker, List.of()).alive()).isTrue();
        assertThat(tasks.heartbeat(worker + 1, List.of()).alive()).isFalse();
    }

    @Test
    void released_recovered_and_retired_tasks_are_scheduled_again() {
        database.start(database.chain(), "1");
        long worker = database.worker();

        assertThat(tasks.release(worker, claimedIds(worker)).wokenQueues()).containsExactly("default");
        List<TaskId> held = claimedIds(worker);
        assertThat(tasks.recoverClaims(worker, held).wokenQueues()).isEmpty();
        assertThat(tasks.recoverClaims(worker, List.of()).wokenQueues()).containsExactly("default");
        assertThat(claimedIds(worker)).hasSize(1);
        assertThat(tasks.retire(worker).wokenQueues()).containsExactly("default");
    }

    @Test
    void a_lost_worker_must_register_again_and_its_tasks_go_on() {
        database.start(database.chain(), "1");
        long worker = database.worker(Duration.ofNanos(1000));
        assertThat(claimedIds(worker)).hasSize(1);

        ExpiredWorkers expired = tasks.expireWorkers();
        assertThat(expired.lostWorkers()).containsExactly(worker);
        assertThat(expired.recovered()).isEqualTo(1);
        assertThat(expired.leftOver()).isTrue();
        assertThat(expired.outcome().wokenQueues()).containsExactly("default");
        assertThat(tasks.expireWorkers()).isEqualTo(new ExpiredWorkers(List.of(), 0, false, Outcome.NOTHING));
        assertThatThrownBy(() -> database.claim(worker))
                .isInstanceOfSatisfying(DatabaseException.class, e -> {
                    assertThat(e.code()).isEqualTo(DatabaseException.WORKER_LOST);
                    assertThat(e.isTransient()).isFalse();
                })
                .hasMessageContaining("could not claim tasks")
                .hasMessageContaining("worker " + worker + " is not registered")
                .hasMessageContaining("register_worker")
                .hasMessageNotContaining("PL/pgSQL");
    }

    @Test
    void what_is_due_is_told_before_and_no_longer_after() {
        assertThat(tasks.due(Optional.empty()))
                .isEqualTo(new Due(false, false, false, false, false, Optional.empty(), false, false, false, Set.of()));

        database.start(database.fan(), "[]");
        database.start(database.chain(), "1");
        long worker = database.worker();
        tasks.fail(worker, List.of(failure(claimedIds(worker).get(0), true, Optional.empty())));
        database.worker(Duration.ofNanos(1000));
        assertThat(tasks.due(Optional.empty()))
                .isEqualTo(new Due(
                        true, false, false, true, true, Optional.of(Duration.ZERO), false, false, false, Set.of()));

        tasks.fireTimers();
        tasks.expireWorkers();
        tasks.settleSteps();
        assertThat(tasks.due(Optional.empty()))
                .isEqualTo(new Due(false, false, false, false, false, Optional.empty(), false, false, false, Set.of()));
    }

    @Test
    void items_of_a_map_are_reported_in_one_call_and_settled() {
        int items = 1000;
        UUID run = database.start(
                database.fan(), IntStream.range(0, items).boxed().toList().toString());
        tasks.settleSteps();
        long worker = database.worker();
        List<ClaimedTask> claimed = tasks.claim(worker, "default", items);
        assertThat(claimed).hasSize(items);
        assertThat(tasks.stepInputs(run, (short) 1).outputs()).isNull();

        Outcome outcome = tasks.complete(
                worker,
                claimed.stream()
                        .map(task -> new Report.Completion(task.id(), "\"" + task.input() + "\""))
                        .toList());
        assertThat(outcome.toSettle()).isTrue();
        assertThat(outcome.endedRuns()).isEmpty();
        assertThat(tasks.settleSteps().endedRuns()).containsExactly(run);
        assertThat(runs.results(List.of(run)).get(0).output()).startsWith("[\"0\", \"1\", \"2\"");
    }

    @Test
    void a_stored_definition_and_the_inputs_of_a_step_are_read_back() {
        long workflow = database.chain();
        UUID run = database.start(workflow, "{\"a\": 1}");
        completeAll(database.worker(), "5");

        assertThat(tasks.definition(workflow)).contains("\"name\": \"chain\"");
        assertThat(tasks.stepInputs(run, (short) 2)).isEqualTo(new StepInputs("{\"a\": 1}", "{\"first\": 5}"));
        assertThatThrownBy(() -> tasks.definition(workflow + 1))
                .isInstanceOf(DatabaseException.class)
                .hasMessageContaining("workflow id " + (workflow + 1) + " is not in the database");
        assertThatThrownBy(() -> tasks.stepInputs(UUID.randomUUID(), (short) 1))
                .isInstanceOf(DatabaseException.class)
                .hasMessageContaining("is not in the database");
    }

    @Test
    void what_the_server_cannot_store_is_refused_and_nothing_of_the_batch_is_kept() {
        UUID run = database.start(database.chain(), "1");
        long worker = database.worker();
        TaskId task = claimedIds(worker).get(0);

        for (String output : List.of("\"\\u0000\"", "{\"half\": ")) {
            assertThatThrownBy(() -> tasks.complete(worker, List.of(new Report.Completion(task, output))))
                    .isInstanceOfSatisfying(
                            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(DatabaseException.REFUSED));
        }
        assertThat(runs.tasks(run, 0, 0, 1).get(0).state()).isEqualTo("RUNNING");
    }

    @Test
    void an_empty_list_needs_no_database() {
        PGSimpleDataSource nowhere = new PGSimpleDataSource();
        nowhere.setUrl("jdbc:postgresql://127.0.0.1:1/none");
        TaskStore unreachable = StoreDatabase.tasks(nowhere, StoreDatabase.DEADLINE);

        assertThat(unreachable.complete(1, List.of())).isSameAs(Outcome.NOTHING);
        assertThat(unreachable.fail(1, List.of())).isSameAs(Outcome.NOTHING);
        assertThat(unreachable.release(1, List.of())).isSameAs(Outcome.NOTHING);
    }

    private List<TaskId> claimedIds(long worker) {
        return database.claim(worker).stream().map(ClaimedTask::id).toList();
    }

    private Outcome completeAll(long worker, String output) {
        return tasks.complete(
                worker,
                claimedIds(worker).stream()
                        .map(task -> new Report.Completion(task, output))
                        .toList());
    }

    private static Report.Failure failure(TaskId task, boolean retryable, Optional<Duration> retryAfter) {
        return new Report.Failure(task, "{\"message\": \"no\"}", retryable, retryAfter);
    }
}
