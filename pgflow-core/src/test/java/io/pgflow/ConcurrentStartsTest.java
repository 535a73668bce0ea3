package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunFilter;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.StartRefusedException;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Starts from many threads, which travel to the database together. */
class ConcurrentStartsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final Workflow<Object, Object> echo = Flow.oneStep("echo", Object.class, Object.class, in -> in.runInput());

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
