package io.pgflow.examples;

import static io.pgflow.dsl.FlowBuilder.after;

import io.pgflow.Pgflow;
import io.pgflow.deferred.DeferredTasks;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.Patience;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A step that somebody outside finishes: the handler gives a token away, and the courier answers with it. */
public final class Courier {

    static final StepKey<String> PACK = StepKey.of("pack", String.class);
    static final StepKey<String> DELIVER = StepKey.of("deliver", String.class);

    private Courier() {}

    public static void main(String[] args) throws Exception {
        BlockingQueue<String> desk = new LinkedBlockingQueue<>();
        Workflow<String, String> parcel = parcel(desk);
        try (var database = ExampleDatabase.start();
                var pgflow = Pgflow.on(database.dataSource()).with(parcel).start()) {
            var run = pgflow.executor().start(parcel, "a book");
            ride(desk, pgflow.executor().deferred());
            System.out.println(run.await(Duration.ofMinutes(1)));
            pgflow.executor().events(run.id()).stream()
                    .filter(event -> event.step().filter(DELIVER.name()::equals).isPresent())
                    .forEach(event -> System.out.println("deliver: " + event.type()));
        }
    }

    // region deferred
    static Workflow<String, String> parcel(BlockingQueue<String> desk) {
        Patience patience = Patience.within(Duration.ofDays(2)).withSilence(Duration.ofHours(6));
        return FlowBuilder.workflow("parcel", String.class)
                .step(PACK, in -> "a box with " + in.input())
                .deferred(DELIVER, after(PACK).maxAttempts(2), patience, (in, deferral) -> desk.add(deferral.token()))
                .returns(DELIVER);
    }
    // endregion

    /** Somebody with nothing but a token, perhaps in another process. */
    // region outside
    static void ride(BlockingQueue<String> desk, DeferredTasks deferred) throws InterruptedException {
        String token = desk.take();
        System.out.println("on the way: " + deferred.heartbeat(token, Map.of("percent", 50)));
        System.out.println("delivered: " + deferred.complete(token, "signed by Ada"));
        System.out.println("once more, to be sure: " + deferred.complete(token, "signed by Ada"));
    }
    // endregion
}
