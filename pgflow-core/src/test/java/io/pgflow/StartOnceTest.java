package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgflow.executor.Executor;
import io.pgflow.executor.StartOptions;
import io.pgflow.executor.StartOutcome;
import io.pgflow.executor.StartRefusedException;
import io.pgflow.executor.StartedOnce;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Starts for which another run may stand, from several processes. */
class StartOnceTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final CountDownLatch release = new CountDownLatch(1);
    private final Workflow<Object, Object> slow = Flow.oneStep("slow", Object.class, Object.class, in -> {
        release.await();
        return in.runInput();
    });
    private final Workflow<Object, Object> echo = Flow.oneStep("echo", Object.class, Object.class, in -> in.runInput());

    @Test
    void while_a_run_is_unfinished_every_process_gets_it() throws Exception {
        StartOptions once = StartOptions.none().onceWhileUnfinished("report");
        Executor here = engines.start(slow).executor();
        Executor elsewhere = engines.start(slow).executor();
        StartedOnce<Object> first = here.startOnce(slow, 1, once);

        StartedOnce<Object> second = elsewhere.startOnce(slow, 2, once);

        assertThat(first.outcome()).isEqualTo(StartOutcome.STARTED);
        assertThat(second.outcome()).isEqualTo(StartOutcome.EXISTING);
        assertThat(second.run().id()).isEqualTo(first.run().id());
        release.countDown();
        assertThat(second.run().await(PATIENCE)).isEqualTo(1);
        assertThat(here.start(slow, 3, once).await(PATIENCE)).isEqualTo(3);
    }

    @Test
    void a_debounced_run_begins_by_itself_with_the_last_input() throws Exception {
        StartOptions once = StartOptions.none().debounce("save", Duration.ofMillis(300), Duration.ofSeconds(30));
        Executor here = engines.start(echo).executor();
        StartedOnce<Object> first = here.startOnce(echo, 1, once);
        StartedOnce<Object> second = engines.start(echo).executor().startOnce(echo, 2, once);

        assertThat(second.outcome()).isIn(StartOutcome.REPLACED, StartOutcome.STARTED);
        assertThat(second.run().await(PATIENCE)).isEqualTo(2);
        assertThat(first.run().await(PATIENCE))
                .isEqualTo(second.outcome() == StartOutcome.REPLACED ? 2 : 1); // a machine may stand still for 300 ms
    }

    @Test
    void for_a_period_a_second_start_gives_the_first_run() throws Exception {
        StartOptions once =
                StartOptions.none().onceWithin("mail", Duration.ofHours(1)).actor("ada");
        Executor executor = engines.start(echo).executor();

        assertThat(executor.start(echo, 1, once).await(PATIENCE)).isEqualTo(1);
        assertThat(executor.start(echo, 2, once).await(PATIENCE)).isEqualTo(1);
    }

    @Test
    void options_that_do_not_go_together_are_refused() {
        Executor executor = engines.start(echo).executor();
        StartOptions once = StartOptions.none().onceWhileUnfinished("k");

        assertRefused(() -> once.delay(Duration.ofSeconds(1)));
        assertRefused(() -> once.idempotencyKey("other"));
        assertRefused(() -> StartOptions.none().onceWithin("k", Duration.ZERO));
        assertRefused(() -> StartOptions.none().onceWhileUnfinished(" "));
        assertRefused(() -> StartOptions.none().debounce("k", Duration.ofSeconds(2), Duration.ofSeconds(1)));
        assertRefused(() -> executor.startOnce(echo, 1, StartOptions.none()));
        assertRefused(() -> executor.startAll(echo, List.of(1, 2), once));
    }

    private static void assertRefused(Runnable call) {
        assertThatThrownBy(call::run).isInstanceOf(StartRefusedException.class);
    }
}
