package io.pgflow.benchmarks.micro;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.Deferral;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.StepDefinition;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.TaskInput;
import io.pgflow.workflow.Workflow;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** From a claimed task's JSON to the JSON that is reported, with a handler that gives back what it was given. */
@State(Scope.Benchmark)
public class HandlerBenchmark {

    /** A small record, as inputs are. */
    public record Order(long id, String customer, int items, String text) {}

    private static final StepKey<Order> STEP = StepKey.of("step", Order.class);

    /** Bytes of text in the input. */
    @Param({"100", "2000", "64000"})
    public int bytes;

    private final Workflow<Order, Order> workflow = FlowBuilder.workflow("echo", Order.class)
            .step(STEP, in -> in.input())
            .returns(STEP);

    private final TaskHandler handler = workflow.handlers().values().iterator().next();
    private TaskInput input = new Claimed("{}", workflow.definition().steps().get(0));

    @Setup
    public void prepare() {
        String json = "{\"id\":17,\"customer\":\"somebody\",\"items\":3,\"text\":\"" + "x".repeat(bytes) + "\"}";
        input = new Claimed(json, workflow.definition().steps().get(0));
    }

    @Benchmark
    public String handler() throws Exception {
        return handler.run(input);
    }

    private record Claimed(String runInput, StepDefinition definition) implements TaskInput, TaskContext {

        private static final UUID RUN = new UUID(0, 17);

        @Override
        public TaskContext context() {
            return this;
        }

        @Override
        public String output(String step) {
            return "null";
        }

        @Override
        public Optional<String> item() {
            return Optional.empty();
        }

        @Override
        public UUID runId() {
            return RUN;
        }

        @Override
        public String workflow() {
            return "echo";
        }

        @Override
        public String step() {
            return STEP.name();
        }

        @Override
        public OptionalInt itemIndex() {
            return OptionalInt.empty();
        }

        @Override
        public int attempt() {
            return 1;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public Deferral defer(Patience patience) {
            throw new UnsupportedOperationException("the benchmark gives nothing to the outside");
        }
    }
}
