package io.pgflow.benchmarks.contender;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.over;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/** The work as workflows. Handlers return a number and tell that they were called. */
record PgflowWorkflows(
        Workflow<Job, Integer> oneStep,
        Workflow<Job, Integer> chain,
        Workflow<Job, Integer> diamond,
        Workflow<Job, Integer> map) {

    /** What a run is started with: a stamp for its handler, how many items a map shall have, and text to make it as large as asked. */
    record Job(long stamp, int items, String text) {}

    private static final int SIDES = Work.DIAMOND.steps() - 2;

    static PgflowWorkflows calling(LongConsumer called) {
        return new PgflowWorkflows(oneStep(called), chain(called), diamond(called), map(called));
    }

    Workflow<Job, Integer> of(Work work) {
        return switch (work) {
            case ONE_STEP -> oneStep;
            case CHAIN -> chain;
            case DIAMOND -> diamond;
            case MAP -> map;
        };
    }

    Workflow<?, ?>[] all() {
        return new Workflow<?, ?>[] {oneStep, chain, diamond, map};
    }

    /** Attempts are many and retries soon, for the measurement in which handlers fail. */
    private static Workflow<Job, Integer> oneStep(LongConsumer called) {
        StepKey<Integer> only = StepKey.of("only", Integer.class);
        return FlowBuilder.workflow("one_step", Job.class)
                .maxAttempts(20)
                .retryDelay(Duration.ofMillis(100))
                .step(only, in -> {
                    called.accept(in.input().stamp());
                    return 1;
                })
                .returns(only);
    }

    private static Workflow<Job, Integer> chain(LongConsumer called) {
        var builder = FlowBuilder.workflow("chain", Job.class);
        StepKey<Integer> last = step("step_1");
        builder.step(last, in -> called(called));
        for (int i = 2; i <= Work.CHAIN.steps(); i++) {
            StepKey<Integer> next = step("step_" + i);
            builder.step(next, after(last), in -> called(called));
            last = next;
        }
        return builder.returns(last);
    }

    private static Workflow<Job, Integer> diamond(LongConsumer called) {
        var builder = FlowBuilder.workflow("diamond", Job.class);
        StepKey<Integer> top = step("top");
        StepKey<Integer> bottom = step("bottom");
        List<StepKey<Integer>> sides =
                IntStream.rangeClosed(1, SIDES).mapToObj(i -> step("side_" + i)).toList();
        builder.step(top, in -> called(called));
        sides.forEach(side -> builder.step(side, after(top), in -> called(called)));
        builder.step(bottom, after(sides.toArray(StepKey<?>[]::new)), in -> called(called));
        return builder.returns(bottom);
    }

    private static Workflow<Job, Integer> map(LongConsumer called) {
        StepKey<List<Integer>> list = StepKey.listOf("list", Integer.class);
        StepKey<List<Integer>> items = StepKey.listOf("items", Integer.class);
        StepKey<Integer> joined = step("joined");
        return FlowBuilder.workflow("map", Job.class)
                .step(list, in -> {
                    called.accept(0);
                    return IntStream.range(0, in.input().items()).boxed().toList();
                })
                .map(items, over(list), item -> called(called))
                .step(joined, after(items), in -> {
                    called.accept(0);
                    return in.output(items).size();
                })
                .returns(joined);
    }

    private static StepKey<Integer> step(String name) {
        return StepKey.of(name, Integer.class);
    }

    private static int called(LongConsumer called) {
        called.accept(0);
        return 1;
    }
}
