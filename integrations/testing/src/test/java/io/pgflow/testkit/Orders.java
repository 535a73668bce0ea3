package io.pgflow.testkit;

import static io.pgflow.dsl.FlowBuilder.after;

import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.Condition;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.Workflow;
import java.time.Duration;

/** The workflow that most tests here are about, and that docs/testing.md shows. */
final class Orders {

    static final StepKey<String> RESERVE = StepKey.of("reserve", String.class);
    static final StepKey<String> CHARGE = StepKey.of("charge", String.class);
    static final StepKey<String> GIFT = StepKey.of("gift", String.class);
    static final StepKey<String> SEND = StepKey.of("send", String.class);

    // region order
    static final Workflow<Integer, String> ORDER = FlowBuilder.workflow("order", Integer.class)
            .step(RESERVE, in -> "item " + in.input())
            .step(
                    CHARGE,
                    after(RESERVE)
                            .maxAttempts(3)
                            .retryDelay(Duration.ofMinutes(5))
                            .maxRetryDelay(Duration.ofMinutes(5))
                            .retryJitter(0),
                    in -> "paid for " + in.output(RESERVE))
            .step(GIFT, after(RESERVE).when(Condition.input("").atLeast(100)), in -> "a gift")
            .step(SEND, after(CHARGE, GIFT), in -> in.output(CHARGE) + ", with " + in.output(GIFT))
            .returns(SEND);
    // endregion

    private Orders() {}
}
