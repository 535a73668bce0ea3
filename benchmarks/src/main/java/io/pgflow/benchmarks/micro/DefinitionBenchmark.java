package io.pgflow.benchmarks.micro;

import static io.pgflow.dsl.FlowBuilder.after;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A workflow's definition as JSON, by which a start finds the version that is stored. */
@State(Scope.Benchmark)
public class DefinitionBenchmark {

    private static final int STEPS = 10;

    private final Workflow<Integer, Integer> workflow = chain();

    @Benchmark
    public String definitionAsJson() {
        return workflow.toJson();
    }

    private static Workflow<Integer, Integer> chain() {
        var builder = FlowBuilder.workflow("chain", Integer.class);
        StepKey<Integer> last = StepKey.of("step_1", Integer.class);
        builder.step(last, in -> 1);
        for (int i = 2; i <= STEPS; i++) {
            StepKey<Integer> next = StepKey.of("step_" + i, Integer.class);
            builder.step(next, after(last), in -> 1);
            last = next;
        }
        return builder.returns(last);
    }
}
