package io.pgflow.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.Pgflow;
import io.pgflow.faults.Fault;
import io.pgflow.faults.FaultDataSource;
import io.pgflow.faults.Faults;
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

    /** The next hint may be far away: the run has ended, and nothing else happens. */
    @Test
    void a_question_that_broke_is_asked_again_soon_and_not_at_the_next_poll() throws Exception {
        Workflow<Object, Object> flow = Flow.of("flow", "work").returns("work").untyped();
        Run<Object> ended = engines.start(flow).executor().start(flow, null);
        ended.await(Engines.PATIENCE);
        Faults faults = Faults.seeded(1);
        Pgflow other = engines.closeLater(
                Pgflow.on(engines.closeLater(Engines.pool(FaultDataSource.around(engines.database(), faults))))
                        .settings(Engines.settings()
                                .pollInterval(Duration.ofMinutes(1))
                                .notifications(false)
                                .build())
                        .start());

        faults.once(Fault.FAIL_BEFORE, "run_results");
        Run<Object> seen = other.executor().attach(flow, ended.id());

        assertThat(seen.await(Duration.ofSeconds(30))).isEqualTo("work");
        assertThat(faults.count(Fault.FAIL_BEFORE)).isOne();
    }
}
