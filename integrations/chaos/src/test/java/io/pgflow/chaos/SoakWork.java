package io.pgflow.chaos;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.runInput;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;

/** The workload of the chaos run, and what it lacks: progress, the outside, signals, runs of runs, failures for good, and new versions. */
final class SoakWork {

    private static final int DEPTH = 30;

    private final Workload workload = new Workload(null, Duration.ofMillis(50));
    private final Workflow<String, String> nap = workload.nap();
    private final LinkedBlockingQueue<String> tokens = new LinkedBlockingQueue<>();
    private final Workflow<String, String> talk = talk();
    private final Workflow<String, Void> doomed = doomed();

    List<Workflow<?, ?>> all() {
        Stream<Workflow<?, ?>> others =
                workload.all().stream().filter(flow -> !flow.name().equals(nap.name()));
        return Stream.concat(others, Stream.of(nap, talk, doomed, growing(0))).toList();
    }

    Workflow<String, String> napping() {
        return nap;
    }

    Workflow<String, String> talking() {
        return talk;
    }

    Workflow<String, Void> failing() {
        return doomed;
    }

    /** Promises that somebody must keep; each is given out once. */
    LinkedBlockingQueue<String> tokens() {
        return tokens;
    }

    /** Another version of a workflow for each number. */
    Workflow<String, String> growing(int number) {
        StepKey<String> only = StepKey.of("only", String.class);
        return FlowBuilder.workflow("growing", String.class)
                .step(only, after().retryDelay(Duration.ofMillis(100 + number)), in -> in.input())
                .returns(only);
    }

    private Workflow<String, String> talk() {
        StepKey<String> tell = StepKey.of("tell", String.class);
        StepKey<String> told = StepKey.of("told", String.class);
        StepKey<String> outside = StepKey.of("outside", String.class);
        StepKey<String> child = StepKey.of("child", String.class);
        return FlowBuilder.workflow("talk", String.class)
                .step(tell, in -> tell(in.task()))
                .awaitSignal(told, after(tell), "go")
                .deferred(
                        outside,
                        after(tell).maxAttempts(10),
                        Patience.within(Duration.ofMinutes(1)),
                        (in, deferral) -> tokens.add(deferral.token()))
                .workflow(child, after(told, outside), nap, runInput())
                .returns(child);
    }

    private static String tell(TaskContext task) throws InterruptedException {
        for (int i = 1; i <= 5; i++) {
            task.report(i / 5.0, "part " + i, List.of(i, "of five"));
            task.emit("chunk " + i);
            Thread.sleep(5);
        }
        return "told";
    }

    private Workflow<String, Void> doomed() {
        return FlowBuilder.workflow("doomed", String.class)
                .step(
                        StepKey.of("fall", String.class),
                        after().maxAttempts(2).retryDelay(Duration.ofMillis(50)),
                        in -> fall(DEPTH))
                .build();
    }

    private static String fall(int depth) {
        if (depth > 0) {
            return fall(depth - 1);
        }
        throw new IllegalStateException("no attempt succeeds", new IllegalArgumentException("and this is why"));
    }
}
