package io.pgflow.dsl.docs;

import io.pgflow.executor.Executor;
import io.pgflow.flowcontrol.FlowControl;
import io.pgflow.flowcontrol.Target;
import java.util.UUID;

/** Holding work up and letting it go on; the regions are what the documents show. */
final class FlowControlExample {

    private FlowControlExample() {}

    @SuppressWarnings("SystemOut") // what an application prints
    static void pause(Executor executor, UUID runId) {
        // region pause
        FlowControl flow = executor.flowControl();
        flow.pause(Target.queue("mail"), "ada", "the provider is down");
        flow.pause(Target.workflow("checkout"), "ada", "a mistake was found");
        flow.pause(Target.step("checkout", "charge"), "ada", "the bank is closed");
        flow.pause(Target.run(runId), "ada", "wait for the customer");

        flow.paused().forEach(pause -> System.out.println(pause.target() + " since " + pause.since()));
        flow.resume(Target.queue("mail"), "ada", "it is back");
        // endregion
    }
}
