package io.pgflow.testkit;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.testkit.Orders.ORDER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.audit.AuditNote;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.executor.Run;
import io.pgflow.executor.StartOptions;
import io.pgflow.faults.Parked;
import io.pgflow.flowcontrol.FlowControl;
import io.pgflow.flowcontrol.Target;
import io.pgflow.workflow.Rate;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All that can be done is done, whatever has to let it in first, and nothing else. */
@PgflowTest
class RunAllTest {

    private static final StepKey<Integer> CALL = StepKey.of("call", Integer.class);

    private static final Workflow<Integer, Integer> PLAIN = FlowBuilder.workflow("plain", Integer.class)
            .step(CALL, in -> in.input() + 1)
            .returns(CALL);
    private static final Workflow<Integer, Integer> ONE_AT_A_TIME = FlowBuilder.workflow("narrow", Integer.class)
            .step(CALL, after().concurrency(1), in -> in.input() + 1)
            .returns(CALL);
    private static final Workflow<Integer, Integer> ONE_A_MINUTE = FlowBuilder.workflow("slow", Integer.class)
            .step(CALL, after().rate(Rate.of(1, Duration.ofMinutes(1))), in -> in.input() + 1)
            .returns(CALL);

    @AfterEach
    void nothing_is_wrong_with_the_tables(PgflowTestKit kit) {
        kit.verify();
    }

    @Test
    void nothing_is_done_when_another_workflow_is_given(PgflowTestKit kit) {
        Run<String> first = kit.start(ORDER, 1);
        Run<Integer> second = kit.start(PLAIN, 1);

        kit.assertThat(first).step("reserve").scheduled();
        kit.assertThat(second).step("call").scheduled();
        assertThat(kit.callsOf("reserve")).isZero();

        kit.runAll();
        kit.assertThat(first).succeeded();
        kit.assertThat(second).output(2);
    }

    @Test
    void tasks_that_wait_for_a_place_are_done_one_after_the_other(PgflowTestKit kit) {
        List<Run<Integer>> runs = start(kit, ONE_AT_A_TIME, 10);

        kit.runAll();

        assertThat(runs).allSatisfy(run -> kit.assertThat(run).succeeded());
    }

    @Test
    void a_task_that_wants_room_in_a_rate_is_left_until_time_has_passed(PgflowTestKit kit) {
        Instant before = kit.now();
        List<Run<Integer>> runs = start(kit, ONE_A_MINUTE, 3);
        kit.runAll();
        assertThat(kit.callsOf("call")).isOne();

        runs.forEach(kit::runToEnd);

        assertThat(kit.callsOf("call")).isEqualTo(3);
        assertThat(kit.now()).isBetween(before.plusSeconds(120), before.plusSeconds(121));
    }

    @ParameterizedTest
    @ValueSource(strings = {"queue", "workflow"})
    void what_is_paused_is_left_until_it_is_resumed(String what, PgflowTestKit kit) {
        Target target = what.equals("queue") ? Target.queue("default") : Target.workflow("order");
        Run<String> run = kit.start(ORDER, 1);
        FlowControl flow = kit.pgflow().executor().flowControl();
        flow.pause(target, AuditNote.by("ada", "wait"));

        kit.runAll();
        kit.assertThat(run).step("reserve").scheduled();
        flow.resume(target, AuditNote.by("ada", "go"));
        kit.runAll();

        kit.assertThat(run).succeeded();
    }

    @Test
    void what_nobody_can_run_is_left(PgflowTestKit kit) {
        Workflow<Object, Object> foreign = FlowBuilder.runtime("foreign")
                .step("shout", FlowBuilder.handler("shout"))
                .returns("shout");
        Run<Object> run = kit.with(ORDER).pgflow().executor().start(foreign, "ho");

        kit.runAll();

        kit.assertThat(run).running().step("shout").scheduled();
    }

    @Test
    void nothing_is_over_while_the_engine_has_not_looked(PgflowTestKit kit) {
        kit.runAll();
        Parked held = kit.park(Call.UPKEEP);
        assertThatThrownBy(() -> kit.runAll(Duration.ofSeconds(1))).hasMessageContaining("the engine does not look");

        held.close();
        kit.runAll();
    }

    private static List<Run<Integer>> start(PgflowTestKit kit, Workflow<Integer, Integer> workflow, int number) {
        return kit.with(workflow)
                .pgflow()
                .executor()
                .startAll(workflow, Collections.nCopies(number, 1), StartOptions.none());
    }
}
