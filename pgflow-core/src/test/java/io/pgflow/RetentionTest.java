package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgflow.executor.Run;
import io.pgflow.executor.RunEndedException;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Old runs are removed by every process that was told to. */
class RetentionTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final Workflow<Object, Object> picky = Flow.oneStep("picky", Object.class, Object.class, in -> {
        if (in.runInput().equals("0")) {
            throw new IllegalStateException("zero");
        }
        return in.runInput();
    });

    @Test
    void runs_are_removed_by_state_and_age_and_others_stay() throws Exception {
        Pgflow starting = engines.start(picky);
        Run<Object> good = starting.executor().start(picky, 1);
        Run<Object> bad = starting.executor().start(picky, 0);
        good.await(PATIENCE);
        assertThatThrownBy(() -> bad.await(PATIENCE)).isInstanceOf(RunEndedException.class);

        engines.sql("update pgflow.runs set ended_at = ended_at - interval '1 day'");

        engines.start(Engines.settings().retain(RunState.SUCCEEDED, Duration.ofHours(1)));
        engines.start(Engines.settings().retain(RunState.SUCCEEDED, Duration.ofHours(1)));

        await().atMost(PATIENCE).until(() -> starting.executor().find(good.id()).isEmpty());
        assertThat(starting.executor().find(bad.id()).orElseThrow().state()).isEqualTo(RunState.FAILED);
        assertThat(starting.executor().events(good.id())).isEmpty();
    }

    @Test
    void nothing_is_removed_unless_it_is_said() {
        assertThat(PgflowSettings.defaults().retention()).isEmpty();
        assertThat(PgflowSettings.from(Map.of("PGFLOW_RETAIN_SUCCEEDED", "P30D", "PGFLOW_RETAIN_CANCELLED", "PT1H"))
                        .retention())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(RunState.SUCCEEDED, Duration.ofDays(30), RunState.CANCELLED, Duration.ofHours(1)));
        assertThatThrownBy(() -> PgflowSettings.builder()
                        .retain(RunState.RUNNING, Duration.ofDays(1))
                        .retain(RunState.FAILED, Duration.ZERO)
                        .build())
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("RUNNING have not ended")
                .hasMessageContaining("retain FAILED must be from 1 s");
    }
}
