package io.pgflow.testkit;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.testkit.Orders.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.executor.Run;
import io.pgflow.executor.Signal;
import io.pgflow.executor.StartOptions;
import io.pgflow.schedule.ScheduleOptions;
import io.pgflow.schedule.Timing;
import io.pgflow.service.Service;
import io.pgflow.workflow.RegisteredHandler;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Work is done when the test says so, at the time that the test says. */
@PgflowTest
class PgflowTestKitTest {

    private static final StepKey<Void> REST = StepKey.of("rest", Void.class);
    private static final StepKey<String> WORD = StepKey.of("word", String.class);
    private static final StepKey<String> DONE = StepKey.of("done", String.class);

    private static final Workflow<Integer, String> SLEEPER = FlowBuilder.workflow("sleeper", Integer.class)
            .sleep(REST, after(), Duration.ofDays(30))
            .step(DONE, after(REST), in -> "awake")
            .returns(DONE);
    private static final Workflow<Integer, String> ASKING = FlowBuilder.workflow("asking", Integer.class)
            .awaitSignal(WORD, after(), "word")
            .step(DONE, after(WORD), in -> in.output(WORD))
            .returns(DONE);

    @AfterEach
    void nothing_is_wrong_with_the_tables(PgflowTestKit kit) {
        kit.verify();
    }

    @Test
    void nothing_is_done_before_the_test_says_so(PgflowTestKit kit) {
        Run<String> run = kit.start(ORDER, 1);

        kit.assertThat(run).running().step("reserve").scheduled().afterAttempts(0);
        assertThat(kit.callsOf("reserve")).isZero();

        kit.runAll();
        kit.assertThat(run).output("paid for item 1, with null");

        Run<String> next = kit.start(ORDER, 2);
        kit.assertThat(next).step("reserve").scheduled().step("send").pending();
        assertThat(kit.callsOf("reserve")).isOne();
    }

    @Test
    void many_runs_are_all_done_when_all_is_done(PgflowTestKit kit) {
        var runs =
                kit.with(ORDER).pgflow().executor().startAll(ORDER, Collections.nCopies(20, 100), StartOptions.none());

        kit.runAll();

        assertThat(runs).allSatisfy(run -> kit.assertThat(run).output("paid for item 100, with a gift"));
    }

    @Test
    void the_clock_stands_and_moves_only_when_it_is_told_to(PgflowTestKit kit, DataSource database) throws Exception {
        Instant before = kit.now();
        assertThat(clock(database)).isEqualTo(before);
        assertThat(clock(database)).isEqualTo(before);

        kit.advance(Duration.ofDays(400));

        assertThat(kit.now()).isEqualTo(before.plus(Duration.ofDays(400)));
        assertThat(clock(database)).isEqualTo(kit.now());
        assertThatThrownBy(() -> kit.advance(Duration.ofNanos(-1))).hasMessageContaining("forwards only");
    }

    @Test
    void connections_that_are_open_already_hear_of_the_new_time_even_after_a_rollback(
            PgflowTestKit kit, DataSource database) throws Exception {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            assertThat(clock(connection)).isEqualTo(kit.now());
            kit.advance(Duration.ofHours(1));
            assertThat(clock(connection)).isEqualTo(kit.now());
            connection.rollback();
            assertThat(clock(connection)).isEqualTo(kit.now());
            connection.rollback();
        }
    }

    @Test
    void a_sleep_of_thirty_days_is_over_when_they_have_passed_and_not_before(PgflowTestKit kit) {
        Run<String> run = kit.start(SLEEPER, 1);
        kit.runAll();
        kit.assertThat(run).step("rest").waitingFor("sleep");

        kit.advance(Duration.ofDays(30).minusNanos(1000));
        kit.runAll();
        kit.assertThat(run).step("rest").waitingFor("sleep");

        kit.advance(Duration.ofNanos(1000));
        kit.assertThat(run).step("rest").waitingFor("sleep");
        kit.runAll();
        kit.assertThat(run).output("awake");
    }

    @Test
    void a_deadline_that_passes_ends_the_run(PgflowTestKit kit) {
        Run<String> run = kit.start(SLEEPER, 1, StartOptions.none().deadline(Duration.ofDays(1)));
        kit.advance(Duration.ofDays(2));

        kit.runAll();

        kit.assertThat(run).failed();
    }

    @Test
    void a_delayed_run_begins_at_its_time(PgflowTestKit kit) {
        Run<String> run = kit.start(ORDER, 1, StartOptions.none().delay(Duration.ofHours(1)));
        kit.runAll();
        kit.assertThat(run).pending();

        kit.runToEnd(run);

        kit.assertThat(run).succeeded();
    }

    @Test
    void schedules_tick_by_the_clock_of_the_kit(PgflowTestKit kit) {
        kit.with(ORDER);
        kit.pgflow()
                .executor()
                .schedules()
                .define("hourly", ORDER, 5, Timing.every(Duration.ofHours(1)), ScheduleOptions.none());
        kit.runAll();
        assertThat(kit.callsOf("send")).isZero();

        for (int hour = 1; hour <= 3; hour++) {
            kit.advance(Duration.ofHours(1));
            kit.runAll();
            assertThat(kit.callsOf("send")).isEqualTo(hour);
        }
    }

    @Test
    void what_waits_for_the_outside_is_left_until_that_comes(PgflowTestKit kit) {
        Run<String> run = kit.start(ASKING, 1);
        kit.runAll();
        kit.assertThat(run).step("word").waitingFor("signal");
        assertThatThrownBy(() -> kit.runToEnd(run))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("does not come by time")
                .hasMessageContaining("waits for signal");

        kit.pgflow().executor().signal(Signal.of(run.id(), "word").withPayload("hello"));
        kit.runAll();

        kit.assertThat(run).output("hello");
    }

    @Test
    void a_workflow_made_at_run_time_runs_with_the_handlers_it_names(PgflowTestKit kit) {
        Workflow<Object, Object> flow = FlowBuilder.runtime("made")
                .step("shout", FlowBuilder.handler("shout"))
                .returns("shout");
        kit.with(flow, RegisteredHandler.of("shout", String.class, String.class, in -> in.input() + "!"));
        kit.failOnce("shout");

        Run<Object> run = kit.start(flow, "ho");
        kit.runToEnd(run);

        kit.assertThat(run).output("ho!").step("shout").afterAttempts(2);
    }

    @Test
    void a_service_answers_its_calls(PgflowTestKit kit) {
        Service<Integer, Integer> twice = Service.of("twice", Integer.class, Integer.class, in -> in.input() * 2);
        Run<Integer> call = kit.with(twice).pgflow().executor().submit(twice.job(21));

        kit.runAll();

        kit.assertThat(call).output(42);
    }

    @Test
    void a_handler_that_does_not_end_is_shown_when_patience_does(PgflowTestKit kit) throws Exception {
        var begun = new CountDownLatch(1);
        var end = new CountDownLatch(1);
        Workflow<Integer, String> endless = FlowBuilder.workflow("endless", Integer.class)
                .step(DONE, in -> {
                    begun.countDown();
                    end.await();
                    return "at last";
                })
                .returns(DONE);
        Run<String> run = kit.start(endless, 1);

        assertThatThrownBy(() -> kit.runAll(Duration.ofMillis(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("not all was done after PT0.001S")
                .hasMessageContaining("of endless, version 1: RUNNING");
        kit.runInBackground();
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        end.countDown();

        kit.runAll();

        kit.assertThat(run).output("at last");
    }

    @Test
    void in_the_background_work_is_done_by_itself_and_at_once_when_time_has_passed(PgflowTestKit kit) throws Exception {
        kit.with(SLEEPER).runInBackground();
        Run<String> run = kit.start(SLEEPER, 1);
        kit.runAll();

        kit.advance(Duration.ofDays(30));

        assertThat(run.await(Duration.ofSeconds(60))).isEqualTo("awake");
    }

    @Test
    void a_worker_lives_through_any_time_that_passes(PgflowTestKit kit) {
        Run<String> first = kit.start(ORDER, 1);
        kit.runAll();
        long worker = kit.pgflow().worker().orElseThrow().status().workerId();

        kit.advance(Duration.ofDays(365));
        Run<String> second = kit.start(ORDER, 2);
        kit.runAll();

        kit.assertThat(first).succeeded();
        kit.assertThat(second).succeeded();
        assertThat(kit.pgflow().worker().orElseThrow().status().workerId()).isEqualTo(worker);
    }

    private static Instant clock(DataSource database) throws Exception {
        try (Connection connection = database.getConnection()) {
            return clock(connection);
        }
    }

    private static Instant clock(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pgflow.clock()")) {
            row.next();
            return row.getObject(1, OffsetDateTime.class).toInstant();
        }
    }
}
