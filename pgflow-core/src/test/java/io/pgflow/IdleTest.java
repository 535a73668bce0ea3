package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.StartOptions;
import io.pgflow.notify.Mode;
import io.pgflow.schedule.ScheduleOptions;
import io.pgflow.schedule.Schedules;
import io.pgflow.schedule.Timing;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an engine sends to the database while there is little or nothing to do. */
class IdleTest {

    private static final Duration LONGER_HEARTBEAT = Duration.ofSeconds(2);

    @RegisterExtension
    final Engines engines = new Engines();

    private final List<String> statements = new CopyOnWriteArrayList<>();
    private final Workflow<Object, Object> flow =
            Flow.of("flow", "work").returns("work").untyped();

    @Test
    void an_idle_engine_has_one_question_in_a_poll_interval() {
        start();
        statements.clear();

        await().atMost(PATIENCE).until(() -> sent("upkeep_due") >= 10);

        // Upkeep asks for the worker too; only where the machine stalls does a claimer or a heart go by itself.
        assertThat(sent("claim_tasks") + sent("heartbeat")).isLessThanOrEqualTo(sent("upkeep_due") / 2);
    }

    @Test
    void the_heart_of_an_idle_engine_beats_with_that_question() {
        start(LONGER_HEARTBEAT);
        String since =
                engines.sql("select max(heartbeat_at) from pgflow.workers").get(0);
        statements.clear();

        await().atMost(PATIENCE).until(() -> sent("upkeep_due") >= 20);

        // In so many intervals a heart that does not ride beats three times; where the machine stalls it may once.
        assertThat(sent("heartbeat")).isLessThanOrEqualTo(1);
        assertThat(engines.sql("select heartbeat_at > ?::timestamptz from pgflow.workers", since))
                .containsExactly("t");
    }

    @Test
    void a_timer_that_is_not_due_makes_nobody_ask_more_often() {
        Pgflow pgflow = start();
        pgflow.executor().start(flow, "1", StartOptions.none().delay(Duration.ofHours(1)));
        statements.clear();

        for (int beat = 0; beat < 2; beat++) {
            String since =
                    engines.sql("select max(heartbeat_at) from pgflow.workers").get(0);
            await().atMost(PATIENCE)
                    .until(() -> engines.sql("select heartbeat_at > ?::timestamptz from pgflow.workers", since)
                            .equals(List.of("t")));
        }

        // About five; hundreds, were it not for the wait.
        assertThat(sent("upkeep_due")).isLessThan(50);
    }

    @Test
    void a_schedule_that_is_not_due_makes_nobody_ask_more_often() {
        Schedules schedules = start().executor().schedules();
        Timing nightly = Timing.cron("30 2 29 2 *", ZoneOffset.UTC);
        schedules.define("nightly", flow, "1", nightly, ScheduleOptions.none());
        await().atMost(PATIENCE).until(() -> sent("advance_schedules") > 0);
        statements.clear();

        await().atMost(PATIENCE).until(() -> sent("upkeep_due") >= 10);

        assertThat(sent("due_schedules") + sent("advance_schedules")).isZero();
    }

    @Test
    void a_task_that_nobody_announced_is_found_by_that_question() throws Exception {
        Pgflow pgflow = start();

        String run = engines.sql("select pgflow.start_run('flow', '1', p_notify => false)")
                .get(0);

        assertThat(pgflow.executor().attach(flow, UUID.fromString(run)).await(PATIENCE))
                .isNotNull();
    }

    @Test
    void a_start_after_a_rest_tells_others_in_its_own_statement() throws Exception {
        engines.start(flow);
        Pgflow starting = engines.closeLater(Pgflow.on(telling(engines.pool())).start());
        starting.executor().define(flow);
        await().atMost(PATIENCE).until(() -> starting.mode() == Mode.NOTIFY);
        statements.clear();

        starting.executor().start(flow, "1").await(PATIENCE);

        assertThat(statements.stream().filter(sql -> sql.contains("pg_notify")))
                .singleElement()
                .asString()
                .contains("start_runs");
    }

    private Pgflow start() {
        return start(Duration.ofSeconds(1));
    }

    private Pgflow start(Duration heartbeat) {
        Pgflow pgflow = engines.closeLater(Pgflow.on(telling(engines.pool()))
                .settings(PgflowSettings.builder()
                        .heartbeat(heartbeat)
                        .pollInterval(Duration.ofMillis(300))
                        .build())
                .with(flow)
                .start());
        await().atMost(PATIENCE).until(() -> pgflow.mode() == Mode.NOTIFY);
        return pgflow;
    }

    private long sent(String function) {
        return statements.stream().filter(sql -> sql.contains(function)).count();
    }

    /** Notes the statements that its connections prepare. */
    private DataSource telling(DataSource source) {
        return wrap(
                DataSource.class,
                source,
                result -> result instanceof Connection connection
                        ? wrap(Connection.class, connection, it -> it)
                        : result);
    }

    private <T> T wrap(Class<T> type, T real, UnaryOperator<Object> answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    if (method.getName().startsWith("prepare") && arguments != null) {
                        statements.add(String.valueOf(arguments[0]));
                    }
                    try {
                        Object result = method.invoke(real, arguments);
                        return result == null ? null : answer.apply(result);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
