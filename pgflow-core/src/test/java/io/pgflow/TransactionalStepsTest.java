package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.testing.Gauge;
import io.pgflow.testing.LosingCommits;
import io.pgflow.testing.WorkerJvm;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.StepInput;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.TransactionalHandler;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** I17: what a handler writes through the connection it is given is there exactly once for each task that succeeded. */
@Tag("adversity")
class TransactionalStepsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);
    private final BlockingQueue<String> happened = new LinkedBlockingQueue<>();
    /** What handlers saw of attempts: under faults the answer of a claim may be lost, which is an attempt too. */
    private final AtomicInteger tries = new AtomicInteger();

    @BeforeEach
    void a_ledger() {
        engines.sql("create table ledger (entry text, constraint entries_are_short check (length(entry) < 20))");
        engines.sql("create table once (entry text unique deferrable initially deferred)");
    }

    @Test
    void what_the_handler_writes_is_committed_with_its_step() throws Exception {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            book(connection, "one");
            happened.add(engines.sql("select count(*) from ledger").get(0));
            return "done";
        });
        Pgflow pgflow = engines.start(flow);

        assertThat(pgflow.executor().start(flow, null).await(PATIENCE)).isEqualTo("done");

        assertThat(happened).containsExactly("0");
        assertThat(ledger()).containsExactly("one");
        assertThat(engines.sql("select count(*) from pg_stat_activity where state like 'idle in transaction%'"
                        + " and datname = current_database()"))
                .containsExactly("0");
    }

    @Test
    void each_item_of_a_map_writes_in_a_transaction_of_its_own() throws Exception {
        TaskHandler item = TaskHandler.transactionalItem(
                Object.class,
                String.class,
                String.class,
                (String value, StepInput<Object> in, Connection connection) -> {
                    book(connection, value);
                    if (value.equals("b") && tries.incrementAndGet() == 1) {
                        throw new IllegalStateException("not yet");
                    }
                    return value;
                });
        Workflow<Object, Object> flow = Flow.of("map", "$input -> each*")
                .step("each", item)
                .returns("each")
                .untyped();
        Pgflow pgflow = engines.start(flow);

        assertThat(pgflow.executor()
                        .start(flow, List.of("a", "b", "c", "d", "e"))
                        .await(PATIENCE))
                .isEqualTo(List.of("a", "b", "c", "d", "e"));

        assertThat(ledger()).containsExactly("a", "b", "c", "d", "e");
    }

    @Test
    void what_a_failed_attempt_wrote_is_rolled_back() throws Exception {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            int attempt = tries.incrementAndGet();
            book(connection, "attempt " + attempt);
            if (attempt < 3) {
                throw new IllegalStateException("not yet");
            }
            return "done";
        });
        Pgflow pgflow = engines.start(flow);

        pgflow.executor().start(flow, null).await(PATIENCE);

        assertThat(ledger()).containsExactly("attempt 3");
    }

    @Test
    void what_only_the_commit_refuses_fails_the_attempt_and_says_why() {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            DSL.using(connection, SQLDialect.POSTGRES).execute("insert into once values ('a'), ('a')");
            return "done";
        });
        Pgflow pgflow = engines.start(flow);

        assertThatThrownBy(() -> pgflow.executor().start(flow, null).await(PATIENCE))
                .isInstanceOf(RunEndedException.class)
                .hasMessageContaining("PGF-RUN-061")
                .hasMessageContaining("once_entry_key");
    }

    @Test
    void a_handler_that_went_on_after_its_transaction_had_failed_does_not_succeed() {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            try {
                book(connection, "much longer than it may be");
            } catch (SQLException e) {
                happened.add(e.getSQLState());
            }
            return "done";
        });
        Pgflow pgflow = engines.start(flow);

        assertThatThrownBy(() -> pgflow.executor().start(flow, null).await(PATIENCE))
                .hasMessageContaining("PGF-RUN-061");
        assertThat(happened).contains("23514");
    }

    @Test
    void savepoints_are_the_handlers_own() throws Exception {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            book(connection, "kept");
            var savepoint = connection.setSavepoint();
            book(connection, "dropped");
            connection.rollback(savepoint);
            return "done";
        });
        Pgflow pgflow = engines.start(flow);

        pgflow.executor().start(flow, null).await(PATIENCE);

        assertThat(ledger()).containsExactly("kept");
    }

    @ParameterizedTest
    @ValueSource(strings = {"commit", "rollback", "close", "setAutoCommit", "commit of the statement's connection"})
    void a_handler_that_would_end_the_transaction_is_refused_and_fails_at_once(String misuse) {
        var misuses = new AtomicInteger();
        Workflow<Object, Object> flow = writing((in, connection) -> {
            book(connection, "one");
            misuses.incrementAndGet();
            switch (misuse) {
                case "commit" -> connection.commit();
                case "rollback" -> connection.rollback();
                case "close" -> connection.close();
                case "setAutoCommit" -> connection.setAutoCommit(true);
                default -> connection.createStatement().getConnection().commit();
            }
            return "done";
        });
        Pgflow pgflow = engines.start(flow);

        Run<Object> run = pgflow.executor().start(flow, null);

        assertThatThrownBy(() -> run.await(PATIENCE)).hasMessageContaining("PGF-RUN-060");
        assertThat(misuses).hasValue(1);
        assertThat(ledger()).isEmpty();
    }

    @Test
    void a_handler_that_commits_by_a_statement_is_found_out() {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            connection.createStatement().execute("commit");
            return "done";
        });
        Pgflow pgflow = engines.start(flow);

        assertThatThrownBy(() -> pgflow.executor().start(flow, null).await(PATIENCE))
                .hasMessageContaining("PGF-RUN-061")
                .hasMessageContaining("ended by its handler");
    }

    @Test
    void a_connection_that_is_kept_is_of_no_use_after_the_handler() throws Exception {
        var kept = new AtomicReference<Connection>();
        Workflow<Object, Object> flow = writing((in, connection) -> {
            kept.set(connection);
            return "done";
        });
        Pgflow pgflow = engines.start(flow);
        pgflow.executor().start(flow, null).await(PATIENCE);

        assertThatThrownBy(() -> book(kept.get(), "late")).hasMessageContaining("PGF-RUN-062");
    }

    @Test
    void a_timeout_cancels_the_statement_that_runs_and_rolls_back() throws Exception {
        Workflow<Object, Object> flow = Flow.of("slow", "work")
                .step("work", handler((in, connection) -> {
                    book(connection, "attempt " + in.task().attempt());
                    if (in.task().attempt() == 1) {
                        connection.createStatement().execute("select pg_sleep(600)");
                    }
                    return "done";
                }))
                .options("work", options -> options.withTimeout(Duration.ofSeconds(1)))
                .untyped();
        Pgflow pgflow = engines.start(flow);

        Run<Object> run = pgflow.executor().start(flow, null);
        run.await(PATIENCE);

        int attempts = pgflow.executor().tasks(run.id()).get(0).attempts();
        assertThat(attempts).isGreaterThan(1);
        assertThat(ledger()).containsExactly("attempt " + attempts);
        await().atMost(PATIENCE)
                .until(() -> engines.sql(
                                "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid() and state = 'active'")
                        .equals(List.of("0")));
    }

    @Test
    void a_cancellation_rolls_back_at_once_what_a_deaf_handler_has_locked() throws Exception {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            connection.createStatement().execute("lock table ledger in access exclusive mode");
            happened.add("locked");
            while (release.getCount() > 0) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    happened.add("interrupted");
                }
            }
            return "done";
        });
        Pgflow pgflow = engines.start(flow);
        Run<Object> run = pgflow.executor().start(flow, null);
        assertThat(happened.poll(60, TimeUnit.SECONDS)).isEqualTo("locked");

        run.cancel("enough");

        assertThat(happened.poll(60, TimeUnit.SECONDS)).isEqualTo("interrupted");
        assertThat(ledger()).isEmpty(); // waits for the lock
        release.countDown();
        await().atMost(PATIENCE)
                .until(() -> pgflow.worker().orElseThrow().status().busySlots() == 0);
    }

    @Test
    void a_commit_whose_answer_was_lost_counts_once() throws Exception {
        assertThat(attemptsWhen(true)).isEqualTo(1);
        assertThat(usedUp()).isEqualTo("1");
        assertThat(ledger()).containsExactly("attempt 1");
    }

    @Test
    void a_commit_that_did_not_take_place_is_repeated_and_uses_up_no_attempt() throws Exception {
        assertThat(attemptsWhen(false)).isEqualTo(3);
        assertThat(ledger()).containsExactly("attempt 3");
        assertThat(usedUp()).isEqualTo("1");
    }

    @Test
    void of_two_workers_with_one_task_one_writes() throws Exception {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            int attempt = tries.incrementAndGet();
            book(connection, "attempt " + attempt);
            happened.add("written");
            if (attempt == 1) {
                release.await();
            }
            return "attempt " + attempt;
        });
        Pgflow stalled = engines.start(
                Engines.settings()
                        .heartbeat(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMinutes(1))
                        .notifications(false)
                        .expiresAfter(Duration.ofMinutes(5)),
                flow);
        Run<Object> run = stalled.executor().start(flow, null);
        assertThat(happened.poll(60, TimeUnit.SECONDS)).isEqualTo("written");
        engines.sql("update pgflow.workers set heartbeat_at = heartbeat_at - interval '1 day'");
        engines.sql("select pgflow.expire_workers()");

        Pgflow other = engines.start(flow);
        assertThat(other.executor().attach(flow, run.id()).await(PATIENCE)).isEqualTo("attempt 2");
        release.countDown();

        await().atMost(PATIENCE)
                .until(() -> !engines.sql("select count(*) from pgflow.stale_reports")
                        .equals(List.of("0")));
        assertThat(ledger()).containsExactly("attempt 2");
    }

    @Test
    void a_process_that_is_killed_between_write_and_commit_wrote_nothing() throws Exception {
        Workflow<Object, Object> flow = WorkerJvm.ledger(happened);
        Pgflow starting = engines.start();
        Run<Object> run = starting.executor().start(flow, null);
        try (WorkerJvm jvm = WorkerJvm.start(engines.database())) {
            await().atMost(PATIENCE)
                    .until(() -> engines.sql(
                                    "select count(*) from pg_stat_activity where query like 'insert into ledger%' and state = 'idle in transaction'")
                            .equals(List.of("1")));
            jvm.kill();
        }
        Pgflow survivor = engines.start(flow);

        assertThat(survivor.executor().attach(flow, run.id()).await(PATIENCE)).isEqualTo("survived");
        assertThat(ledger()).containsExactly("booked");
    }

    @Test
    void more_handlers_than_connections_take_turns() throws Exception {
        var gauge = new Gauge();
        TaskHandler item = TaskHandler.transactionalItem(
                Object.class,
                Integer.class,
                Integer.class,
                (Integer value, StepInput<Object> in, Connection connection) -> {
                    book(connection, "item " + value);
                    gauge.pass();
                    return value;
                });
        Workflow<Object, Object> flow =
                Flow.of("turns", "$input -> each*").step("each", item).untyped();
        Workflow<Object, Object> other = Flow.oneStep("other", Object.class, Object.class, in -> in.runInput());
        Pgflow pgflow = engines.start(Engines.settings().transactionalConnections(2), flow, other);
        Run<Object> run = pgflow.executor().start(flow, List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
        gauge.awaitInside(2);
        for (int i = 0; i < 3; i++) {
            pgflow.executor().start(other, i).await(PATIENCE);
        }
        gauge.open();
        run.await(PATIENCE);

        assertThat(gauge.most()).isEqualTo(2);
        assertThat(ledger()).hasSize(10);
    }

    @Test
    void a_connection_that_is_kept_says_that_it_is_closed() throws Exception {
        var kept = new AtomicReference<Connection>();
        Workflow<Object, Object> flow = writing((in, connection) -> {
            assertThat(connection.isClosed()).isFalse();
            assertThat(connection.isValid(5)).isTrue();
            kept.set(connection);
            return "done";
        });
        engines.start(flow).executor().start(flow, null).await(PATIENCE);

        assertThat(kept.get().isClosed()).isTrue();
        assertThat(kept.get().isValid(5)).isFalse();
    }

    @Test
    void those_that_wait_for_a_connection_leave_the_slots_to_other_work() throws Exception {
        var inside = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        TaskHandler item = TaskHandler.transactionalItem(
                Object.class,
                Integer.class,
                Integer.class,
                (Integer value, StepInput<Object> in, Connection connection) -> {
                    inside.countDown();
                    goOn.await();
                    book(connection, "item " + value);
                    return value;
                });
        Workflow<Object, Object> writing =
                Flow.of("writing", "$input -> each*").step("each", item).untyped();
        Workflow<Object, Object> other = Flow.oneStep("other", Object.class, Object.class, in -> in.runInput());
        Pgflow pgflow = engines.start(Engines.settings().concurrency(3).transactionalConnections(1), writing, other);
        Run<Object> run = pgflow.executor().start(writing, List.of(1, 2, 3, 4, 5, 6, 7, 8));
        inside.await();

        assertThat(pgflow.executor().start(other, 7).await(PATIENCE)).isEqualTo(7);

        assertThat(goOn.getCount()).isOne();
        goOn.countDown();
        run.await(PATIENCE);
        assertThat(ledger()).hasSize(8);
    }

    @Test
    void a_commit_that_throws_what_is_no_sql_exception_is_reported_as_a_failure_that_may_be_stale() throws Exception {
        assertThat(attemptsWhen(true, new AtomicInteger(1), () -> new IllegalStateException("the pool is confused")))
                .isOne();
        assertThat(ledger()).containsExactly("attempt 1");
    }

    @Test
    void a_commit_that_throws_what_is_no_sql_exception_fails_the_attempt_and_no_more() throws Exception {
        assertThat(attemptsWhen(false, new AtomicInteger(1), () -> new IllegalStateException("the pool is confused")))
                .isEqualTo(2);
        assertThat(usedUp()).isEqualTo("2");
        assertThat(ledger()).containsExactly("attempt 2");
    }

    @Test
    void a_registered_handler_may_be_transactional_and_have_a_pool_of_its_own() throws Exception {
        RegisteredHandler registered =
                RegisteredHandler.transactional("ledger.book", String.class, String.class, (in, connection) -> {
                    book(connection, in.input());
                    return connection.getMetaData().getUserName();
                });
        Workflow<Object, Object> flow = Workflow.of(io.pgflow.workflow.WorkflowDefinition.parse(
                "{\"name\": \"made\", \"steps\": [{\"name\": \"book\", \"handler\": \"ledger.book\"}]}"));
        Pgflow pgflow = engines.closeLater(Pgflow.on(engines.pool())
                .settings(Engines.settings().build())
                .transactionalOn(engines.database())
                .with(registered)
                .start());

        pgflow.executor().start(flow, "entry").await(PATIENCE);

        assertThat(ledger()).containsExactly("entry");
    }

    private int attemptsWhen(boolean committed) throws Exception {
        return attemptsWhen(committed, new AtomicInteger(2), () -> new SQLException("the answer is lost", "08006"));
    }

    private int attemptsWhen(boolean committed, AtomicInteger lost, Supplier<Exception> thrown) throws Exception {
        Workflow<Object, Object> flow = writing((in, connection) -> {
            book(connection, "attempt " + tries.incrementAndGet());
            return "done";
        });
        Pgflow pgflow = engines.closeLater(Pgflow.on(engines.pool())
                .settings(Engines.settings().build())
                .transactionalOn(LosingCommits.over(engines.database(), committed, lost, thrown))
                .with(flow)
                .start());
        Run<Object> run = pgflow.executor().start(flow, null);
        run.await(PATIENCE);
        await().atMost(PATIENCE)
                .until(() -> pgflow.worker().orElseThrow().status().heldTasks() == 0);
        return tries.get();
    }

    /** Attempts that count; not those that were handed back. */
    private String usedUp() {
        return engines.sql("select attempts - releases from pgflow.tasks").get(0);
    }

    private static Workflow<Object, Object> writing(TransactionalHandler<Object, String> code) {
        return Flow.oneStep("writing", Object.class, Object.class, handler(code));
    }

    private static TaskHandler handler(TransactionalHandler<Object, String> code) {
        return TaskHandler.transactional(Object.class, String.class, code);
    }

    private static void book(Connection connection, String entry) throws SQLException {
        try (var statement = connection.prepareStatement("insert into ledger values (?)")) {
            statement.setString(1, entry);
            statement.executeUpdate();
        }
    }

    private List<String> ledger() {
        return engines.sql("select entry from ledger order by entry");
    }
}
