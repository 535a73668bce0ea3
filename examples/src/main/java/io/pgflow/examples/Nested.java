package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.over;

import io.pgflow.Pgflow;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;

/** A workflow that runs another one for each of its items, and waits for those runs without a worker. */
public final class Nested {

    static final StepKey<String> BAKE = StepKey.of("bake", String.class);
    static final StepKey<List<String>> LIST = StepKey.listOf("list", String.class);
    static final StepKey<List<String>> CAKES = StepKey.listOf("cakes", String.class);

    static final Workflow<String, String> CAKE = FlowBuilder.workflow("cake", String.class)
            .step(BAKE, in -> "a " + in.input() + " cake")
            .returns(BAKE);

    static final Workflow<String, List<String>> PARTY = FlowBuilder.workflow("party", String.class)
            .step(LIST, in -> List.of(in.input().split(" ")))
            .workflows(CAKES, over(LIST).atOnce(2), CAKE)
            .returns(CAKES);

    private Nested() {}

    public static void main(String[] args) throws Exception {
        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource()).with(PARTY, CAKE).start()) {
            var run = pgflow.executor().start(PARTY, "cherry lemon plum");
            System.out.println(run.await(Duration.ofMinutes(1)));
            pgflow.executor().tasks(run.id()).stream()
                    .flatMap(task -> task.childRunId().stream())
                    .map(id -> pgflow.executor().find(id).orElseThrow())
                    .forEach(child -> System.out.println("started by a task of "
                            + child.parent().orElseThrow().step() + ": "
                            + child.output().orElseThrow()));
        }
    }
}
