package io.pgflow.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.DatabaseException;
import io.pgflow.embedded.TestDatabases;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.ds.PGSimpleDataSource;

class JooqRunStoreTest {

    private final StoreDatabase database = StoreDatabase.fresh();
    private final RunStore runs = database.runs();

    @Test
    void the_server_says_what_it_is() {
        ServerFacts facts = runs.serverFacts();
        assertThat(facts.serverVersion()).isGreaterThanOrEqualTo(140000);
        assertThat(facts.schemaVersion()).isPositive();
        assertThat(facts.pgmqVersion()).isNotBlank();
        assertThat(facts.inRecovery()).isFalse();
    }

    @Test
    void without_our_schema_the_facts_are_refused() {
        RunStore foreign = StoreDatabase.runs(TestDatabases.freshDatabase(), StoreDatabase.DEADLINE);
        assertThatThrownBy(foreign::serverFacts)
                .isInstanceOfSatisfying(
                        DatabaseException.class, e -> assertThat(e.code()).isEqualTo(DatabaseException.REFUSED));
    }

    @Test
    void the_newest_version_of_a_workflow_is_found_by_name() {
        long first = database.chain();
        DefinedWorkflow second =
                runs.define("{\"name\": \"chain\", \"steps\": [{\"name\": \"only\", \"handler\": \"chain.only\"}]}");

        assertThat(second.version()).isEqualTo(2);
        assertThat(second.workflowId()).isNotEqualTo(first);
        assertThat(runs.newest("chain")).contains(second);
        assertThat(runs.newest("unknown")).isEmpty();
        assertThatThrownBy(() -> runs.define("{\"name\": \"empty\", \"steps\": []}"))
                .isInstanceOf(DatabaseException.class)
                .hasMessageContaining("a workflow has 1 to 1000 steps");
    }

    @Test
    void a_start_of_an_unknown_workflow_says_what_to_do() {
        assertThatThrownBy(() -> database.start(99, "1"))
                .isInstanceOfSatisfying(DatabaseException.class, e -> {
                    assertThat(e.code()).isEqualTo(DatabaseException.REFUSED);
                    assertThat(e.getCause()).isInstanceOf(SQLException.class);
                })
                .hasMessageContaining("could not start runs; workflow id 99 is not known")
                .hasMessageContaining("Define the workflow first");
    }

    @Test
    void one_call_starts_many_runs_and_an_idempotency_key_only_one() {
        long workflow = database.chain();
        StartRequest one = new StartRequest(
                UUID.randomUUID(),
                workflow,
                "1",
                Optional.of("key, \"quoted\" \\ {}"),
                Optional.of("{\"customer\": \"7\"}"),
                Optional.empty(),
                Optional.empty(),
                1);
        StartRequest again = new StartRequest(
                UUID.randomUUID(),
                workflow,
                "2",
                one.idempotencyKey(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                2);
        StartRequest later = new StartRequest(
                UUID.randomUUID(),
                workflow,
                "3",
                Optional.empty(),
                Optional.empty(),
                Optional.of(Duration.ofMillis(93_784_005)),
                Optional.empty(),
                3);

        assertThat(runs.start(List.of(one, later), "tester", null).created()).containsExactly(true, true);
        Started repeated = runs.start(List.of(again), null, null);
        assertThat(repeated.created()).containsExactly(false);
        assertThat(repeated.runIds()).containsExactly(one.runId());
        assertThat(runs.run(again.runId())).isEmpty();
        assertThat(runs.run(one.runId())).hasValueSatisfying(run -> {
            assertThat(run.state()).isEqualTo("RUNNING");
            assertThat(run.labels()).isEqualTo("{\"customer\": \"7\"}");
            assertThat(run.priority()).isEqualTo(1);
            assertThat(run.endedAt()).isNull();
        });
        assertThat(runs.run(later.runId()).orElseThrow().state()).isEqualTo("PENDING");
        assertThat(database.tasks().fireTimers().nextDueIn())
                .hasValueSatisfying(
                        due -> assertThat(due).isBetween(Duration.ofHours(25), Duration.ofMillis(93_784_005)));
    }

    @Test
    void runs_are_listed_by_what_they_are_and_page_by_page() {
        long chain = database.chain();
        long fan = database.fan();
        List<UUID> started =
                List.of(database.start(chain, "1"), database.start(chain, "2"), database.start(fan, "[1]"));

        assertThat(runs.runs(new RunQuery(null, null, null, null, 10)))
                .extracting(RunRow::runId)
                .containsExactlyInAnyOrderElementsOf(started);
        assertThat(runs.runs(new RunQuery("fan", List.of("RUNNING"), null, null, 10)))
                .extracting(RunRow::runId)
                .containsExactly(started.get(2));
        assertThat(runs.runs(new RunQuery(null, List.of("FAILED"), "{\"a\": \"b\"}", null, 10)))
                .isEmpty();
        List<RunRow> page = runs.runs(new RunQuery("chain", null, null, null, 1));
        assertThat(runs.runs(new RunQuery("chain", null, null, page.get(0).runId(), 10)))
                .hasSize(1)
                .doesNotContainAnyElementsOf(page);
    }

    @Test
    void a_start_in_the_callers_transaction_leaves_nothing_when_that_rolls_back() throws SQLException {
        StartRequest request = StoreDatabase.request(database.chain(), "1");
        try (Connection connection = database.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            assertThat(runs.start(connection, List.of(request), null, true).created())
                    .containsExactly(true);
            assertThat(connection.getAutoCommit()).isFalse();
            assertThat(connection.isClosed()).isFalse();
            assertThat(runs.run(request.runId())).isEmpty();
            connection.rollback();
        }
        assertThat(runs.run(request.runId())).isEmpty();
        assertThat(database.number("select count(*) from pgflow.events")).isZero();
        assertThat(runs.verify()).isEmpty();
    }

    @Test
    void a_start_in_the_callers_transaction_wakes_workers_when_that_commits() throws SQLException {
        long chain = database.chain();
        long fan = database.fan();
        try (Connection listener = database.another().getConnection();
                Statement listen = listener.createStatement();
                Connection connection = database.dataSource().getConnection()) {
            listen.execute("listen pgflow_tasks");
            connection.setAutoCommit(false);
            StartRequest empty = StoreDatabase.request(fan, "[]");
            Started started = runs.start(connection, List.of(StoreDatabase.request(chain, "1"), empty), "tester", true);
            runs.start(connection, List.of(StoreDatabase.request(chain, "2")), "tester", false);
            assertThat(started.wokenQueues()).containsExactly("default");
            connection.commit();

            assertThat(payloads(listener)).containsExactly("default");
            assertThat(started.toSettle()).as("left to upkeep").isTrue();
            database.tasks().settleSteps();
            assertThat(runs.results(List.of(empty.runId())))
                    .containsExactly(new RunResult(empty.runId(), "SUCCEEDED", "[]", null));
        }
    }

    @Test
    void the_original_error_stays_at_hand_in_the_callers_transaction() throws SQLException {
        try (Connection connection = database.dataSource().getConnection()) {
            connection.setAutoCommit(false);
            assertThatThrownBy(() -> runs.start(connection, List.of(StoreDatabase.request(99, "1")), null, false))
                    .hasMessageContaining("the caller's transaction")
                    .cause()
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("PF001"));
            connection.rollback();
        }
    }

    @Test
    void cancelling_tells_the_outcome_of_each_in_order() {
        long workflow = database.chain();
        UUID one = database.start(workflow, "1");
        UUID two = database.start(workflow, "2");
        UUID unknown = UUID.randomUUID();
        runs.cancel(List.of(two), null, null);

        assertThat(runs.cancel(List.of(unknown, two, one, two), "tester", "because"))
                .containsExactly("unknown", "already cancelled", "cancelled", "already cancelled");
        assertThat(runs.events(one))
                .filteredOn(event -> event.event().equals("workflow_cancelled"))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.actor()).isEqualTo("tester");
                    assertThat(event.detail()).isEqualTo("{\"reason\": \"because\"}");
                    assertThat(event.step()).isNull();
                });
    }

    @Test
    void a_step_that_waits_is_skipped_and_one_that_ended_is_not() {
        UUID run = database.start(database.chain(), "1");
        Outcome skipped = runs.skip(run, "first", "tester", "not needed");
        assertThat(skipped.stale()).isEmpty();
        assertThat(skipped.wokenQueues()).containsExactly("default");
        assertThat(runs.skip(run, "first", "tester", "twice").stale()).containsExactly(0);
        assertThat(runs.skip(run, "unknown", null, null).stale()).containsExactly(0);
        assertThat(runs.tasks(run, 0, 0, 10)).extracting(TaskRow::state).containsExactly("SKIPPED", "SCHEDULED");
        assertThat(runs.tasks(run, 1, 0, 10)).extracting(TaskRow::step).containsExactly("second");
    }

    @Test
    void events_are_read_by_run_from_a_position_and_in_gaps() {
        UUID run = database.start(database.chain(), "1");
        List<EventRow> events = runs.events(run);
        assertThat(events).extracting(EventRow::event).contains("workflow_started", "task_scheduled", "task_pending");

        EventPosition position = runs.eventPosition();
        assertThat(position.lastEntry()).isEqualTo(events.get(events.size() - 1).entry());
        assertThat(position.gaps()).isEmpty();
        assertThat(runs.eventPage(0, List.of(), 100).events()).isEqualTo(events);

        long first = events.get(0).entry();
        EventPage page = runs.eventPage(position.lastEntry(), List.of(new IdRange(first, first)), 100);
        assertThat(page.events())
                .as("the start of the run and its first task, which one entry of the audit tells of")
                .containsExactly(events.get(0), events.get(1));
        assertThat(page.oldestRunning()).isPositive();
        assertThat(page.nextTransaction()).isGreaterThanOrEqualTo(page.oldestRunning());
        assertThat(runs.eventPage(position.lastEntry(), List.of(), 100).events())
                .isEmpty();
    }

    @Test
    void a_gap_in_the_audit_is_reported_as_the_entries_it_holds() throws SQLException {
        database.start(database.chain(), "1");
        long first = runs.events(database.start(database.chain(), "1")).get(0).entry();
        database.execute("delete from pgflow.audit where entry = " + first);
        assertThat(runs.eventPosition().gaps()).containsExactly(new IdRange(first, first));
    }

    @Test
    void violations_are_told_line_by_line() throws SQLException {
        UUID run = database.start(database.chain(), "1");
        assertThat(runs.verify()).isEmpty();
        database.execute("update pgflow.runs set remaining_sinks = 5");
        assertThat(runs.verify())
                .containsExactly("I9 run " + run + " step 0 item 0: remaining_sinks is 5, but 1 sinks have not ended");
    }

    @Test
    void a_start_with_a_mark_tells_others_with_its_commit() throws Exception {
        long workflow = database.chain();
        try (Connection listener = database.another().getConnection();
                Statement statement = listener.createStatement()) {
            statement.execute("listen pgflow_tasks");
            statement.execute("listen pgflow_events");

            Started started = runs.start(List.of(StoreDatabase.request(workflow, "1")), null, " marked");

            assertThat(started.created()).containsExactly(true);
            assertThat(payloads(listener)).containsExactly("default marked", " marked");
        }
    }

    @Test
    void a_start_is_stored_when_its_hint_cannot_be_sent() {
        RunStore full = StoreDatabase.runs(withoutRoomForNotifications(), StoreDatabase.DEADLINE);

        Started started = full.start(List.of(StoreDatabase.request(database.chain(), "1")), null, " marked");

        assertThat(started.created()).containsExactly(true);
        assertThat(started.told()).isFalse();
        assertThat(runs.run(started.runIds().get(0))).isPresent();
    }

    @Test
    void a_start_that_creates_nothing_tells_nobody() throws Exception {
        var request = StoreDatabase.request(database.chain(), "1");
        runs.start(List.of(request), null, null);
        try (Connection listener = database.another().getConnection();
                Statement statement = listener.createStatement()) {
            statement.execute("listen pgflow_tasks");
            statement.execute("listen pgflow_events");

            runs.start(List.of(request), null, " repeated");
            runs.start(List.of(StoreDatabase.request(database.chain(), "2")), null, " new");

            assertThat(payloads(listener)).isNotEmpty().allMatch(payload -> payload.endsWith(" new"));
        }
    }

    @Test
    void an_empty_list_needs_no_database() {
        PGSimpleDataSource nowhere = new PGSimpleDataSource();
        nowhere.setUrl("jdbc:postgresql://127.0.0.1:1/none");
        RunStore unreachable = StoreDatabase.runs(nowhere, StoreDatabase.DEADLINE);

        assertThat(unreachable.start(List.of(), null, null).runIds()).isEmpty();
        assertThat(unreachable.results(List.of())).isEmpty();
        assertThat(unreachable.cancel(List.of(), null, null)).isEmpty();
    }

    /** What the server says to the commit of a NOTIFY when somebody has listened in one transaction for very long. */
    private DataSource withoutRoomForNotifications() {
        return proxy(DataSource.class, (source, method, arguments) -> {
            Connection real = database.dataSource().getConnection();
            return proxy(Connection.class, (connection, call, given) -> {
                if (call.getName().equals("prepareStatement")
                        && given[0].toString().contains("pg_notify")) {
                    throw new SQLException("too many notifications in the NOTIFY queue", "54000");
                }
                return call.invoke(real, given);
            });
        });
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static List<String> payloads(Connection listener) throws SQLException {
        PGNotification[] received = listener.unwrap(PGConnection.class).getNotifications(10_000);
        return Arrays.stream(received).map(PGNotification::getParameter).toList();
    }
}
