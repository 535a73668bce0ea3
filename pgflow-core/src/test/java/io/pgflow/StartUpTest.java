package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.pgflow.embedded.TestDatabases;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When an engine cannot start it says what to do, and leaves nothing running. */
class StartUpTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final Workflow<Object, Object> flow =
            Flow.of("flow", "work").returns("work").untyped();

    @Test
    void a_database_without_the_schema_is_refused() {
        try (HikariDataSource empty = Engines.pool(TestDatabases.freshDatabase())) {
            assertThatThrownBy(() -> Pgflow.on(empty).start())
                    .isInstanceOfSatisfying(
                            IncompatibleDatabaseException.class,
                            e -> assertThat(e.code()).isEqualTo(IncompatibleDatabaseException.NO_SCHEMA))
                    .hasMessageContaining("PgflowSchema.migrate");
        }
    }

    @Test
    void a_newer_schema_asks_for_a_newer_library_and_an_older_one_for_a_migration() {
        schemaVersion(2);
        assertRefused(IncompatibleDatabaseException.OTHER_SCHEMA, "newer version of this library");
        schemaVersion(0);
        assertRefused(IncompatibleDatabaseException.OTHER_SCHEMA, "migrate");
    }

    @Test
    void a_server_that_is_too_old_or_only_reads_is_refused() {
        facts("130012", "false");
        assertRefused(IncompatibleDatabaseException.SERVER_TOO_OLD, "14 or newer");
        facts("150000", "true");
        assertRefused(IncompatibleDatabaseException.READ_ONLY, "primary");
    }

    @Test
    void a_pool_that_is_too_small_is_refused_with_the_sum() {
        HikariDataSource small = engines.pool();
        small.setMaximumPoolSize(3);
        small.setConnectionTimeout(500);

        assertThatThrownBy(() -> Pgflow.on(small).with(flow).start())
                .isInstanceOfSatisfying(
                        IncompatibleDatabaseException.class,
                        e -> assertThat(e.code()).isEqualTo(IncompatibleDatabaseException.POOL_TOO_SMALL))
                .hasMessageContaining("needs 8 connections")
                .hasMessageContaining("LISTEN");
        await().atMost(PATIENCE).until(() -> small.getHikariPoolMXBean().getActiveConnections() == 0);
    }

    /** It has answered the first question, and goes away while the pool is looked at. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_server_that_goes_away_meanwhile_is_no_small_pool(boolean checked) {
        var given = new AtomicInteger();
        DataSource leaving = (DataSource) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                    if (given.incrementAndGet() > 3) {
                        SQLException refused = new SQLException("connection refused", "08001");
                        throw checked ? refused : new IllegalStateException("the pool has none", refused);
                    }
                    return engines.database().getConnection();
                });

        assertThatThrownBy(() -> Pgflow.on(leaving).with(flow).start())
                .isInstanceOfSatisfying(
                        DatabaseException.class,
                        e -> assertThat(e.isTransient()).isTrue())
                .hasMessageContaining("connection refused");
    }

    @Test
    void the_pool_of_just_the_size_asked_for_is_enough() throws Exception {
        HikariDataSource exact = engines.pool();
        exact.setMaximumPoolSize(8);

        try (Pgflow pgflow = Pgflow.on(exact).with(flow).start()) {
            assertThat(pgflow.executor().start(flow, null).await(PATIENCE)).isEqualTo("work");
        }
    }

    @Test
    void an_engine_whose_worker_cannot_register_leaves_nothing_running() {
        HikariDataSource pool = engines.pool();
        engines.sql("alter function pgflow.register_worker(text, text[], text[], interval) rename to gone");

        assertThatThrownBy(() -> Pgflow.on(pool).with(flow).start()).isInstanceOf(DatabaseException.class);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(WorkerStopTest.engineThreads()).isEmpty());
        await().atMost(PATIENCE).until(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
    }

    @Test
    void a_handler_name_that_two_workflows_claim_is_refused() {
        assertThatThrownBy(() -> Pgflow.on(engines.database())
                        .with(flow, Flow.of("flow", "work").untyped()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("flow.work");
        assertThatCode(() -> Pgflow.on(engines.database()).with(flow, flow)).doesNotThrowAnyException();
    }

    @Test
    void settings_report_all_their_problems_at_once() {
        assertThatThrownBy(() -> PgflowSettings.builder()
                        .workerName(" ")
                        .queues("Bad Name")
                        .concurrency(0)
                        .maxPayloadBytes(10)
                        .heartbeat(Duration.ofSeconds(4))
                        .pollInterval(Duration.ofHours(1))
                        .build())
                .isInstanceOfSatisfying(InvalidSettingsException.class, e -> {
                    assertThat(e.code()).isEqualTo("PGF-CFG-001");
                    assertThat(e.problems()).hasSize(6);
                })
                .hasMessageContainingAll(
                        "workerName", "queues", "concurrency", "maxPayloadBytes", "expiresAfter", "pollInterval");
    }

    @Test
    void settings_come_from_the_environment() {
        PgflowSettings settings = PgflowSettings.from(Map.of(
                "PGFLOW_WORKER_NAME", "w",
                "PGFLOW_QUEUES", "default, reports",
                "PGFLOW_CONCURRENCY", " 7 ",
                "PGFLOW_HEARTBEAT", "PT1S",
                "PGFLOW_NOTIFICATIONS", "false",
                "PGFLOW_TEST_ANYTHING", "ignored",
                "PATH", "/bin"));

        assertThat(settings.workerName()).isEqualTo("w");
        assertThat(settings.queues()).containsExactly("default", "reports");
        assertThat(settings.concurrency()).isEqualTo(7);
        assertThat(settings.heartbeat()).isEqualTo(Duration.ofSeconds(1));
        assertThat(settings.notifications()).isFalse();
        assertThat(settings.expiresAfter()).isEqualTo(PgflowSettings.defaults().expiresAfter());
    }

    @Test
    void a_queue_may_have_slots_of_its_own() {
        PgflowSettings settings =
                PgflowSettings.from(Map.of("PGFLOW_QUEUES", "default, gpu:2", "PGFLOW_WORKFLOWS", "checkout,refund"));

        assertThat(settings.queues()).containsExactly("default", "gpu");
        assertThat(settings.queueSlots()).containsExactly(Map.entry("gpu", 2));
        assertThat(settings.workflows()).containsExactly("checkout", "refund");
        assertThat(PgflowSettings.builder().queue("gpu", 3).build().queues()).containsExactly("default", "gpu");
        assertThatThrownBy(() -> PgflowSettings.builder()
                        .concurrency(5)
                        .queue("gpu", 6)
                        .workflows("No")
                        .build())
                .isInstanceOfSatisfying(
                        InvalidSettingsException.class,
                        e -> assertThat(e.problems()).hasSize(2));
    }

    @Test
    void the_environment_is_checked_like_the_code_and_all_at_once() {
        assertThatThrownBy(() -> PgflowSettings.from(Map.of(
                        "PGFLOW_CONCURRENCY", "many",
                        "PGFLOW_HEARTBEAT", "3s",
                        "PGFLOW_NOTIFICATIONS", "yes",
                        "PGFLOW_QUEUE", "default")))
                .isInstanceOfSatisfying(
                        InvalidSettingsException.class,
                        e -> assertThat(e.problems()).hasSize(4))
                .hasMessageContainingAll("'many'", "'3s'", "'yes'", "PGFLOW_QUEUE");
    }

    private void schemaVersion(int version) {
        engines.sql("create or replace function pgflow.schema_version() returns int language sql immutable as 'select "
                + version + "'");
    }

    private void facts(String serverVersion, String inRecovery) {
        engines.sql("""
                create or replace function pgflow.server_facts(
                    out server_version int, out schema_version int, out pgmq_version text, out in_recovery boolean)
                language sql stable as 'select %s, 1, null::text, %s'""".formatted(serverVersion, inRecovery));
    }

    private void assertRefused(String code, String todo) {
        assertThatThrownBy(() -> Pgflow.on(engines.database()).start())
                .isInstanceOfSatisfying(
                        IncompatibleDatabaseException.class,
                        e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(todo);
    }
}
