package io.pgflow.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.Pgflow;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RunWatchTest {

    @RegisterExtension
    final Engines engines = new Engines();

    @Test
    void a_run_is_asked_for_only_while_somebody_waits() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "work").untyped();
        Pgflow pgflow = engines.start(flow);
        RunWatch watch = pgflow.executor().watch();

        for (int i = 0; i < 5; i++) {
            Run<Object> unknown = pgflow.executor().attach(flow, UUID.randomUUID());
            assertThatThrownBy(() -> unknown.await(Duration.ofMillis(5))).isInstanceOf(AwaitTimeoutException.class);
        }
        var result = pgflow.executor().attach(flow, UUID.randomUUID()).result();
        assertThat(watch.size()).isEqualTo(1);
        result.cancel(false);
        pgflow.executor().start(flow, null).await(Engines.PATIENCE);

        assertThat(watch.size()).isZero();
    }
}
