package io.pgflow.operation;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.Pgflow;
import io.pgflow.audit.AuditNote;
import io.pgflow.executor.StartOptions;
import io.pgflow.flowcontrol.Pause;
import io.pgflow.internal.store.EngineConnections;
import io.pgflow.internal.store.Stores;
import io.pgflow.internal.store.SurveyStore;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Operations on more runs than a batch holds: each run has its turn once. */
class BatchesTest {

    private static final int BATCH = 2;
    private static final int RUNS = 5;
    private static final AuditNote NOTE = AuditNote.by("ada", "enough");

    @RegisterExtension
    final Engines engines = new Engines();

    private Pgflow pgflow;
    private MatchingRuns runs;

    @BeforeEach
    void more_runs_than_a_batch_and_one_that_does_not_match() {
        pgflow = engines.start();
        Workflow<Object, Object> flow = Workflow.of(Flow.of("many", "work").definition());
        Workflow<Object, Object> other = Workflow.of(Flow.of("other", "work").definition());
        pgflow.executor().startAll(flow, List.<Object>of(1, 2, 3, 4, 5), StartOptions.none());
        pgflow.executor().start(other, 1);
        SurveyStore survey = Stores.survey(new EngineConnections(engines.pool(), Duration.ofSeconds(20)));
        runs = new MatchingRuns(
                survey, RunSelection.all().workflow("many"), pgflow.executor().operations(), BATCH);
    }

    @Test
    void all_are_cancelled_and_then_all_retried() {
        assertThat(runs.cancel(NOTE)).isEqualTo(new BulkOutcome(RUNS, RUNS));
        assertThat(runs.count()).containsOnlyKeys(RunState.CANCELLED);

        assertThat(runs.retry(NOTE)).isEqualTo(new BulkOutcome(RUNS, RUNS));
        assertThat(runs.count()).containsOnlyKeys(RunState.RUNNING);
        assertThat(runs.retry(NOTE)).isEqualTo(new BulkOutcome(RUNS, 0));
    }

    @Test
    void all_are_paused_and_then_all_resumed() {
        assertThat(runs.pause(NOTE)).isEqualTo(new BulkOutcome(RUNS, RUNS));
        assertThat(pgflow.executor().flowControl().paused())
                .hasSize(RUNS)
                .extracting(Pause::reason)
                .containsOnly(Optional.of("enough"));
        assertThat(runs.pause(NOTE)).isEqualTo(new BulkOutcome(RUNS, 0));

        assertThat(runs.resume(NOTE)).isEqualTo(new BulkOutcome(RUNS, RUNS));
        assertThat(pgflow.executor().flowControl().paused()).isEmpty();
    }
}
