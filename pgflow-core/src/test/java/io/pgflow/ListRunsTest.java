package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgflow.executor.RunFilter;
import io.pgflow.executor.RunSnapshot;
import io.pgflow.executor.StartOptions;
import io.pgflow.state.RunState;
import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Workflow;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Finding runs. */
class ListRunsTest {

    @RegisterExtension
    final Engines engines = new Engines();

    private final Workflow<Object, Object> echo = Flow.oneStep("echo", Object.class, Object.class, in -> in.runInput());

    @Test
    void runs_are_found_by_label_workflow_and_state_a_page_at_a_time() throws Exception {
        Workflow<Object, Object> other = Flow.of("other", "work").untyped();
        Pgflow pgflow = engines.start(echo, other);
        for (int i = 0; i < 7; i++) {
            pgflow.executor()
                    .start(echo, i, StartOptions.none().label("tenant", "a").label("n", "" + i))
                    .await(PATIENCE);
        }
        pgflow.executor()
                .start(echo, 7, StartOptions.none().label("tenant", "b"))
                .await(PATIENCE);
        pgflow.executor()
                .start(other, 8, StartOptions.none().label("tenant", "a"))
                .await(PATIENCE);

        RunFilter filter = RunFilter.all()
                .workflow("echo")
                .label("tenant", "a")
                .state(RunState.SUCCEEDED)
                .limit(3);
        var found = new ArrayList<RunSnapshot>();
        List<RunSnapshot> page = pgflow.executor().list(filter);
        while (!page.isEmpty()) {
            assertThat(page).hasSizeLessThanOrEqualTo(3);
            found.addAll(page);
            page = pgflow.executor().list(filter.after(page.get(page.size() - 1).runId()));
        }

        assertThat(found).extracting(RunSnapshot::input).containsExactly("6", "5", "4", "3", "2", "1", "0");
        assertThat(found.get(0).labels()).containsEntry("tenant", "a").containsEntry("n", "6");
        assertThat(pgflow.executor().list(RunFilter.all().label("tenant", "a").label("n", "2")))
                .hasSize(1);
        assertThat(pgflow.executor().list(RunFilter.all().state(RunState.FAILED)))
                .isEmpty();
        assertThat(pgflow.executor().list(RunFilter.all().workflow("nobody"))).isEmpty();
    }
}
