package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.pgflow.audit.AuditNote;
import io.pgflow.executor.Executor;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.flowcontrol.FlowControl;
import io.pgflow.flowcontrol.LimitLoad;
import io.pgflow.flowcontrol.QueueLoad;
import io.pgflow.flowcontrol.RuleChange;
import io.pgflow.flowcontrol.Target;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.testing.Gauge;
import io.pgflow.workflow.Concurrency;
import io.pgflow.workflow.Part;
import io.pgflow.workflow.Rate;
import io.pgflow.workflow.StepOptions;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits hold over several engines on one database, each with a pool and a worker of its own. */
@Tag("adversity")
class FlowLimitsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final Gauge gauge = new Gauge();
    private final Workflow<Object, Object> other = Flow.of("other", "a")
            .options("a", options -> options.withQueue("other"))
            .returns("a")
            .untyped();
    private final List<Long> beginnings = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch release = new CountDownLatch(1);

    @Test
    void no_more_tasks_of_a_step_run_at_once_than_its_limit_in_all_processes_together() throws Exception {
        Workflow<Object, Object> flow =
                limited(options -> options.withLimits(limits -> limits.with(Concurrency.of(3))));
        Pgflow first = start(flow);
        start(flow);

        runToTheirEnd(first, 3, first.executor().startAll(flow, numbers(40), StartOptions.none()));
    }

    @Test
    void each_tenant_has_a_place_and_one_with_many_tasks_does_not_keep_out_another() throws Exception {
        Workflow<Object, Object> flow = limited(options ->
                options.withLimits(limits -> limits.with(Concurrency.of(1).by(Part.input("/tenant")))));
        Pgflow pgflow = start(flow);
        List<Object> big = new ArrayList<>(Collections.nCopies(50, Map.of("tenant", "big")));
        List<Run<Object>> runs = new ArrayList<>(pgflow.executor().startAll(flow, big, StartOptions.none()));

        runs.add(pgflow.executor().start(flow, Map.of("tenant", "small")));

        runToTheirEnd(pgflow, 2, runs);
    }

    @Test
    void no_more_attempts_begin_in_a_period_than_the_rate_in_all_processes_together() throws Exception {
        Workflow<Object, Object> flow = limited(options -> options.withLimits(
                limits -> limits.with(Rate.of(5, Duration.ofMillis(300)).named("api"))));
        gauge.open();
        Pgflow first = engines.start(flow);
        engines.start(flow);

        for (Run<Object> run : first.executor().startAll(flow, numbers(16), StartOptions.none())) {
            run.await(PATIENCE);
        }

        assertThat(engines.sql("""
                        select max(n)
                        from (
                            select count(*) over (order by at range between '299 milliseconds' preceding and current row) as n
                            from pgflow.events
                            where transition = 4) w
                        """))
                .allSatisfy(most -> assertThat(Integer.parseInt(most)).isLessThanOrEqualTo(5));
        assertThat(beginnings).hasSize(16);
    }

    @Test
    void each_tenant_has_a_rate_of_its_own() throws Exception {
        Workflow<Object, Object> flow = limited(options -> options.withLimits(
                limits -> limits.with(Rate.of(1, Duration.ofHours(1)).by(Part.input("/tenant")))));
        gauge.open();
        Executor executor = engines.start(flow).executor();
        for (String tenant : List.of("a", "b", "a", "c")) { // who has none left is passed by who comes later
            executor.start(flow, Map.of("tenant", tenant));
        }

        // By claims, not by ends: one whose answer is lost has used up the unit all the same.
        await().atMost(PATIENCE).until(() -> claimedTenants().contains("c"));

        assertThat(claimedTenants()).containsExactlyInAnyOrder("a", "b", "c");
    }

    private List<String> claimedTenants() {
        return engines.sql(
                "select r.input ->> 'tenant' from pgflow.events e join pgflow.runs r using (run_id) where e.transition = 4");
    }

    @Test
    void a_process_leaves_queues_alone_that_it_was_not_given() throws Exception {
        gauge.open();
        Workflow<Object, Object> flow = limited(options -> options.withQueue("gpu"));
        Pgflow pgflow = engines.start(Engines.settings().queues("other"), flow, other);
        Run<Object> left = pgflow.executor().start(flow, 1);
        for (int i = 0; i < 3; i++) { // it has looked for work again and again
            pgflow.executor().start(other, 1).await(PATIENCE);
        }

        assertThat(beginnings).isEmpty();

        engines.start(Engines.settings().queues("gpu"), flow);
        left.await(PATIENCE);
    }

    @Test
    void a_queue_is_limited_while_it_is_worked_on_and_says_how_it_stands() throws Exception {
        Workflow<Object, Object> flow = limited(options -> options);
        Pgflow first = start(flow);
        FlowControl control = first.executor().flowControl();
        start(flow);
        assertThat(control.limitQueue("default", 2, AuditNote.by("ada", "the printer is slow")))
                .isTrue();

        runToTheirEnd(first, 2, first.executor().startAll(flow, numbers(30), StartOptions.none()));

        assertThat(control.queues())
                .filteredOn(queue -> queue.queue().equals("default"))
                .singleElement()
                .returns("default", QueueLoad::queue)
                .returns(OptionalInt.of(2), QueueLoad::limit)
                .returns(0L, QueueLoad::waiting);
        assertThat(control.unlimitQueue("default", AuditNote.by("ada", "there is a new one")))
                .isTrue();
        assertThat(control.limitQueue("nothing", 1, AuditNote.by("ada", "?"))).isFalse();
        assertThat(control.history(Target.queue("default")))
                .extracting(
                        RuleChange::kind,
                        RuleChange::atOnce,
                        change -> change.reason().orElse("?"))
                .containsExactly(
                        tuple(RuleChange.Kind.UNLIMITED, OptionalInt.empty(), "there is a new one"),
                        tuple(RuleChange.Kind.LIMITED, OptionalInt.of(2), "the printer is slow"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"limit", "pause"})
    void who_sets_a_rule_waits_for_claims_that_began_before_and_may_not_know_it(String rule) throws Exception {
        FlowControl control = start(limited(options -> options)).executor().flowControl();
        try (Connection claim = engines.database().getConnection();
                Statement statement = claim.createStatement()) {
            claim.setAutoCommit(false);
            statement.execute("select 1 from pgflow.workers for key share"); // as claims do first
            CompletableFuture<Void> setting = CompletableFuture.runAsync(() -> {
                if (rule.equals("limit")) {
                    control.limitQueue("default", 2, AuditNote.by("ada", "the printer is slow"));
                } else {
                    control.pause(Target.queue("default"), AuditNote.by("ada", "the printer burns"));
                }
            });
            await().atMost(PATIENCE)
                    .until(() -> !control.history(Target.queue("default")).isEmpty());
            for (int i = 0; i < 3; i++) { // time in which it would have returned
                control.queues();
            }

            assertThat(setting).isNotDone();

            claim.rollback();
            setting.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void who_is_cancelled_makes_room_for_the_next_without_waiting_for_a_poll() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Workflow<Object, Object> flow = Flow.of("flow", "work")
                .step("work", in -> {
                    if (begun.getCount() > 0) {
                        begun.countDown();
                        release.await();
                    }
                    return "1";
                })
                .options("work", options -> options.withLimits(limits -> limits.with(Concurrency.of(1))))
                .returns("work")
                .untyped();
        Pgflow pgflow = engines.start(Engines.settings().pollInterval(PATIENCE), flow);
        Run<Object> holding = pgflow.executor().start(flow, 1);
        begun.await();
        Run<Object> next = pgflow.executor().start(flow, 2);

        pgflow.executor().cancel(holding.id(), "it takes too long");

        assertThat(next.await(PATIENCE.dividedBy(2))).isEqualTo(1);
    }

    @Test
    void how_limits_stand_can_be_asked() {
        Workflow<Object, Object> flow = Flow.of("flow", "work")
                .step("work", in -> {
                    release.await();
                    return "1";
                })
                .options(
                        "work",
                        options -> options.withLimits(limits ->
                                limits.with(Concurrency.of(2).named("api").by(Part.input("")))))
                .untyped();
        Pgflow pgflow = engines.start(flow);
        pgflow.executor().startAll(flow, List.of("a", "a", "a", "b"), StartOptions.none());

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(pgflow.executor().flowControl().limits())
                        .containsExactly(
                                new LimitLoad(LimitLoad.Kind.CONCURRENCY, "api a", 2, 2, 1),
                                new LimitLoad(LimitLoad.Kind.CONCURRENCY, "api b", 2, 1, 0)));
        release.countDown();
        await().atMost(PATIENCE)
                .until(() -> engines.sql("select 1 from pgflow.runs where state <> 'SUCCEEDED'")
                        .isEmpty());
    }

    @Test
    void a_process_runs_no_more_of_a_queue_at_once_than_its_slots_for_it() throws Exception {
        Workflow<Object, Object> flow = limited(options -> options.withQueue("gpu"));
        Pgflow pgflow = engines.start(Engines.settings().queues("other").queue("gpu", 2), flow, other);

        runToTheirEnd(pgflow, 2, pgflow.executor().startAll(flow, numbers(20), StartOptions.none()));
    }

    @Test
    void a_process_may_run_only_some_of_the_workflows_it_knows() throws Exception {
        Workflow<Object, Object> mine = Flow.of("mine", "a").returns("a").untyped();
        Workflow<Object, Object> others = Flow.of("others", "a").returns("a").untyped();
        Pgflow pgflow = engines.start(Engines.settings().workflows("mine"), mine, others);
        Run<Object> left = pgflow.executor().start(others, 1);

        assertThat(pgflow.executor().start(mine, 1).await(PATIENCE)).isEqualTo("a");
        assertThat(left.snapshot().endedAt()).isEmpty();
        engines.start(Engines.settings().workflows("others"), mine, others);
        assertThat(left.await(PATIENCE)).isEqualTo("a");
    }

    /** An engine that has work elsewhere, too. */
    private Pgflow start(Workflow<Object, Object> flow) {
        return engines.start(Engines.settings().queues("default", "other"), flow, other);
    }

    /** As many as the limit are at work at once, and no more come in while other work is done. */
    private void runToTheirEnd(Pgflow pgflow, int limit, List<Run<Object>> runs) throws InterruptedException {
        gauge.awaitInside(limit);
        for (int i = 0; i < 3; i++) {
            pgflow.executor().start(other, 1).await(PATIENCE);
        }
        gauge.open();
        for (Run<Object> run : runs) {
            run.await(PATIENCE);
        }
        assertThat(gauge.most()).isEqualTo(limit);
    }

    private Workflow<Object, Object> limited(UnaryOperator<StepOptions> options) {
        TaskHandler counting = in -> {
            beginnings.add(System.nanoTime());
            gauge.pass();
            return "1";
        };
        return Flow.of("flow", "work")
                .step("work", counting)
                .options("work", options)
                .untyped();
    }

    private static List<Object> numbers(int count) {
        return IntStream.range(0, count).<Object>mapToObj(i -> i).toList();
    }
}
