package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.AwaitTimeoutException;
import io.pgflow.executor.CancelOutcome;
import io.pgflow.executor.Priority;
import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.executor.RunFilter;
import io.pgflow.executor.RunSnapshot;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.StartRefusedException;
import io.pgflow.state.RunState;
import io.pgflow.state.TaskState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Starting runs, waiting for them, finding and ending them. */
class ExecutorTest {

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
    void concurrent_starts_of_one_key_give_one_run_also_across_engines() throws Exception {
        Pgflow one = engines.start(echo);
        Pgflow two = engines.start(echo);
        StartOptions options = StartOptions.none().idempotencyKey("order-17");

        List<Run<Object>> runs =
                inThreads(16, i -> (i % 2 == 0 ? one : two).executor().start(echo, i, options));

        assertThat(runs).extracting(Run::id).containsOnly(runs.get(0).id());
        Object output = runs.get(0).await(PATIENCE);
        assertThat(two.executor().start(echo, "late", options).await(PATIENCE)).isEqualTo(output);
        assertThat(one.executor().list(RunFilter.all())).hasSize(1);
    }

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
    void a_start_that_waits_for_somebodys_open_transaction_holds_up_no_other() throws Exception {
        Pgflow pgflow = engines.start(echo);
        StartOptions options = StartOptions.none().idempotencyKey("taken");
        try (Connection connection = engines.database().getConnection()) {
            connection.setAutoCommit(false);
            Run<Object> first = pgflow.executor().start(connection, echo, "first", options);
            CompletableFuture<Run<Object>> second =
                    CompletableFuture.supplyAsync(() -> pgflow.executor().start(echo, "second", options));
            await().atMost(PATIENCE)
                    .until(() -> !engines.sql(
                                    "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
                            .isEmpty());

            assertThat(pgflow.executor().start(echo, "other").await(PATIENCE)).isEqualTo("other");

            connection.commit();
            assertThat(second.get(60, TimeUnit.SECONDS).id()).isEqualTo(first.id());
            assertThat(first.await(PATIENCE)).isEqualTo("first");
        }
    }

    @Test
    void eight_threads_start_at_once_and_every_start_counts_once() throws Exception {
        Pgflow pgflow = engines.start(echo);

        List<List<Object>> outputs = inThreads(8, thread -> {
            var mine = new ArrayList<Run<Object>>();
            for (int i = 0; i < 50; i++) {
                mine.add(pgflow.executor().start(echo, thread * 1000 + i));
            }
            var outputsOfMine = new ArrayList<>();
            for (Run<Object> run : mine) {
                outputsOfMine.add(run.await(PATIENCE));
            }
            return outputsOfMine;
        });

        assertThat(outputs.stream().flatMap(List::stream)).hasSize(400).doesNotHaveDuplicates();
        assertThat(engines.sql("select count(*) from pgflow.runs")).containsExactly("400");
    }

    @Test
    void a_refused_start_does_not_hurt_those_that_travel_along() throws Exception {
        Workflow<Object, Object> items = Flow.of("items", "$input -> each*").untyped();
        Pgflow pgflow = engines.start(echo, items);

        List<String> outcomes = inThreads(8, thread -> {
            int refused = 0;
            for (int i = 0; i < 20; i++) {
                if (thread % 2 == 0) {
                    pgflow.executor().start(echo, i);
                } else {
                    try {
                        pgflow.executor().start(items, "no array");
                    } catch (StartRefusedException e) {
                        refused++;
                    }
                }
            }
            return thread % 2 + ":" + refused;
        });

        assertThat(new HashSet<>(outcomes)).isEqualTo(Set.of("0:0", "1:20"));
        await().atMost(PATIENCE)
                .until(() -> pgflow.executor().list(RunFilter.all()).stream()
                        .allMatch(run -> run.state() == RunState.SUCCEEDED));
        assertThat(pgflow.executor().list(RunFilter.all())).hasSize(80);
    }

    @Test
    void a_start_that_cannot_even_be_sent_does_not_hurt_those_that_travel_along() throws Exception {
        Pgflow pgflow = engines.start(echo);
        StartOptions never = StartOptions.none().delay(Duration.ofSeconds(Long.MAX_VALUE));

        List<Integer> failed = inThreads(8, thread -> {
            int failures = 0;
            for (int i = 0; i < 20; i++) {
                try {
                    pgflow.executor().start(echo, i, thread % 2 == 0 ? StartOptions.none() : never);
                } catch (NullPointerException e) {
                    throw e;
                } catch (RuntimeException e) {
                    failures++;
                }
            }
            return failures;
        });

        assertThat(failed).containsExactly(0, 20, 0, 20, 0, 20, 0, 20);
    }

    @Test
    void an_interrupted_caller_starts_like_any_other_and_stays_interrupted() throws Exception {
        Pgflow pgflow = engines.start(Engines.settings(), echo);

        List<Boolean> interrupted = inThreads(8, thread -> {
            for (int i = 0; i < 20; i++) {
                if (thread % 2 == 0) {
                    Thread.currentThread().interrupt();
                }
                pgflow.executor().start(echo, i);
            }
            return Thread.interrupted();
        });

        assertThat(interrupted).containsExactly(true, false, true, false, true, false, true, false);
    }

    @Test
    void runs_are_found_by_label_workflow_and_state_a_page_at_a_time() throws Exception {
        Workflow<Object, Object> other = Flow.of("other", "work").untyped();
        Pgflow pgflow = engines.start(echo, other);
        for (int i = 0; i < 7; i++) {
            pgflow.executor()
                    .start(echo, i, StartOptions.none().label("tenant", "a").label("n", "" + i))
                    .await(PATIENCE);
        }
        pgflow.executor()
                .start(echo, 7, StartOptions.none().label("tenant", "b"))
                .await(PATIENCE);
        pgflow.executor()
                .start(other, 8, StartOptions.none().label("tenant", "a"))
                .await(PATIENCE);

        RunFilter filter = RunFilter.all()
                .workflow("echo")
                .label("tenant", "a")
                .state(RunState.SUCCEEDED)
                .limit(3);
        var found = new ArrayList<RunSnapshot>();
        List<RunSnapshot> page = pgflow.executor().list(filter);
        while (!page.isEmpty()) {
            assertThat(page).hasSizeLessThanOrEqualTo(3);
            found.addAll(page);
            page = pgflow.executor().list(filter.after(page.get(page.size() - 1).runId()));
        }

        assertThat(found).extracting(RunSnapshot::input).containsExactly("6", "5", "4", "3", "2", "1", "0");
        assertThat(found.get(0).labels()).containsEntry("tenant", "a").containsEntry("n", "6");
        assertThat(pgflow.executor().list(RunFilter.all().label("tenant", "a").label("n", "2")))
                .hasSize(1);
        assertThat(pgflow.executor().list(RunFilter.all().state(RunState.FAILED)))
                .isEmpty();
        assertThat(pgflow.executor().list(RunFilter.all().workflow("nobody"))).isEmpty();
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
    void a_delayed_run_can_be_cancelled_before_it_begins() {
        Pgflow pgflow = engines.start(echo);
        Run<Object> run = pgflow.executor().start(echo, 1, StartOptions.none().delay(Duration.ofDays(1)));

        assertThat(run.snapshot().state()).isEqualTo(RunState.PENDING);
        assertThat(run.cancel("changed my mind")).isEqualTo(CancelOutcome.CANCELLED);
        assertThat(run.snapshot().state()).isEqualTo(RunState.CANCELLED);
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
    void awaiting_has_an_end_and_the_run_goes_on() throws Exception {
        Pgflow pgflow = engines.start(held);
        Run<Object> run = pgflow.executor().start(held, null);

        assertThatThrownBy(() -> run.await(Duration.ofMillis(20)))
                .isInstanceOfSatisfying(
                        AwaitTimeoutException.class, e -> assertThat(e.code()).isEqualTo(AwaitTimeoutException.CODE));
        release.countDown();

        assertThat(run.await(PATIENCE)).isEqualTo("after");
    }

    @Test
    void what_depends_on_a_result_may_wait_for_another_run() throws Exception {
        Pgflow pgflow = engines.start(echo);

        CompletableFuture<Object> chained = pgflow.executor()
                .start(echo, "first")
                .result()
                .thenApply(first -> outputOf(pgflow.executor().start(echo, first + ", second")));

        assertThat(chained.get(60, TimeUnit.SECONDS)).isEqualTo("first, second");
    }

    @Test
    void cancelling_one_who_waits_leaves_the_others_waiting() throws Exception {
        Pgflow pgflow = engines.start(held);
        Run<Object> run = pgflow.executor().start(held, null);
        CompletableFuture<Object> one = run.result();
        CompletableFuture<Object> two = pgflow.executor().attach(held, run.id()).result();

        one.cancel(true);
        release.countDown();

        assertThat(two.get(60, TimeUnit.SECONDS)).isEqualTo("after");
    }

    @Test
    void who_waits_when_the_engine_is_closed_is_told() throws Exception {
        Pgflow pgflow = engines.start();
        Run<Object> run = pgflow.executor().start(echo, null);
        CompletableFuture<Object> result = run.result();

        pgflow.close();

        assertThatThrownBy(() -> result.get(60, TimeUnit.SECONDS)).isInstanceOf(Exception.class);
        assertThat(result).isCompletedExceptionally();
        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void cancelling_interrupts_handlers_here_and_elsewhere() throws Exception {
        var interrupted = new CountDownLatch(2);
        var running = new CountDownLatch(2);
        Workflow<Object, Object> endless = Flow.of("endless", "left, right -> join")
                .step("left", in -> sleepUntil(running, interrupted))
                .step("right", in -> sleepUntil(running, interrupted))
                .untyped();
        Pgflow here = engines.start(Engines.settings().concurrency(1), endless);
        engines.start(Engines.settings().concurrency(1), endless);
        Run<Object> run = here.executor().start(endless, null);
        assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();

        List<CancelOutcome> outcomes =
                here.executor().cancel(List.of(run.id(), UUID.randomUUID()), Optional.of("tester"), "no longer wanted");

        assertThat(outcomes).containsExactly(CancelOutcome.CANCELLED, CancelOutcome.UNKNOWN);
        assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> run.await(PATIENCE)).isInstanceOfSatisfying(RunEndedException.class, e -> {
            assertThat(e.code()).isEqualTo(RunEndedException.CANCELLED);
            assertThat(e.state()).isEqualTo(RunState.CANCELLED);
        });
        assertThat(here.executor().tasks(run.id()))
                .allSatisfy(task -> assertThat(task.state()).isEqualTo(TaskState.CANCELLED));
        assertThat(here.executor().events(run.id()))
                .filteredOn(event -> event.step().isEmpty() && event.actor().isPresent())
                .singleElement()
                .satisfies(event -> assertThat(event.detail().orElseThrow()).contains("no longer wanted"));
        assertThat(run.cancel("again")).isEqualTo(CancelOutcome.ALREADY_CANCELLED);
    }

    @Test
    void a_run_that_has_ended_cannot_be_cancelled() throws Exception {
        Pgflow pgflow = engines.start(echo);
        Run<Object> run = pgflow.executor().start(echo, 1);
        run.await(PATIENCE);

        assertThat(run.cancel("too late")).isEqualTo(CancelOutcome.ALREADY_ENDED);
        assertThat(run.snapshot().state()).isEqualTo(RunState.SUCCEEDED);
    }

    @Test
    void a_skipped_step_gives_null_and_what_depends_on_it_goes_on() throws Exception {
        Workflow<Object, Object> optional = Flow.of("optional", "extra -> last")
                .step("last", in -> "[" + in.output("extra") + "]")
                .returns("last")
                .untyped();
        Workflow<Object, Object> withoutHandler =
                Workflow.of(Flow.of("optional", "extra -> last").returns("last").definition());
        Pgflow starting = engines.start();
        Run<Object> run = starting.executor().start(withoutHandler, null);

        assertThat(starting.executor().skip(run.id(), "extra", Optional.of("tester"), "not needed"))
                .isTrue();
        assertThat(starting.executor().skip(run.id(), "extra", Optional.of("tester"), "again"))
                .isFalse();
        engines.start(optional);

        assertThat(run.await(PATIENCE)).isEqualTo(Collections.singletonList(null));
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

    private static Object outputOf(Run<Object> run) {
        try {
            return run.await(PATIENCE);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String sleepUntil(CountDownLatch running, CountDownLatch interrupted) throws InterruptedException {
        running.countDown();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            interrupted.countDown();
            throw e;
        }
        return "1";
    }

    private interface InThread<T> {
        T run(int thread) throws Exception;
    }

    /** All at once, in their order. */
    private static <T> List<T> inThreads(int threads, InThread<T> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<T>> calls = IntStream.range(0, threads)
                    .mapToObj(i -> (Callable<T>) () -> work.run(i))
                    .toList();
            var results = new ArrayList<T>();
            for (Future<T> future : pool.invokeAll(calls)) {
                results.add(future.get());
            }
            return results;
        } finally {
            pool.shutdownNow();
        }
    }
}
