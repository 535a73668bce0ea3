package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static io.pgflow.workflow.Condition.input;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pgflow.testing.Engines;
import io.pgflow.testing.Flow;
import io.pgflow.workflow.Caching;
import io.pgflow.workflow.InvalidWorkflowException;
import io.pgflow.workflow.Problem;
import io.pgflow.workflow.TaskHandler;
import io.pgflow.workflow.Workflow;
import io.pgflow.workflow.WorkflowDefinition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class OutputCacheTest {

    private static final Caching BY_ID = Caching.of(Duration.ofHours(1), input("/id"));

    @RegisterExtension
    final Engines engines = new Engines();

    private final AtomicInteger runs = new AtomicInteger();
    private final TaskHandler counting = in -> String.valueOf(runs.incrementAndGet());

    @Test
    void a_step_runs_once_for_each_key() throws Exception {
        Workflow<Object, Object> flow = cached(BY_ID);
        Pgflow pgflow = engines.start(flow);

        assertThat(run(pgflow, flow, 7)).isEqualTo(1);
        awaitCached(1);
        assertThat(run(pgflow, flow, 7)).isEqualTo(1);
        assertThat(run(pgflow, flow, 8)).isEqualTo(2);
        awaitCached(2);
        assertThat(run(pgflow, flow, 8)).isEqualTo(2);
        assertThat(runs).hasValue(2);
    }

    @Test
    void an_invalidated_output_is_made_again() throws Exception {
        Workflow<Object, Object> flow = cached(BY_ID);
        Pgflow pgflow = engines.start(flow);
        run(pgflow, flow, 7);
        awaitCached(1);

        assertThat(pgflow.executor().outputCache().invalidate("prices.work", List.of(8)))
                .isFalse();
        assertThat(pgflow.executor().outputCache().invalidate("prices.work", List.of(7)))
                .isTrue();
        assertThat(run(pgflow, flow, 7)).isEqualTo(2);
        awaitCached(1);
        assertThat(pgflow.executor().outputCache().invalidate("prices.work")).isOne();
    }

    @Test
    void a_failed_attempt_leaves_nothing_and_a_key_that_cannot_be_made_is_no_failure() throws Exception {
        Workflow<Object, Object> flow = cached(Caching.of(Duration.ofHours(1), input("/missing")));
        Pgflow pgflow = engines.start(flow);

        assertThat(run(pgflow, flow, 7)).isEqualTo(1);
        assertThat(run(pgflow, flow, 7)).isEqualTo(2);
        assertThat(engines.sql("select count(*) from pgflow.cached_outputs")).containsExactly("0");
    }

    @Test
    void items_and_workflows_share_a_cache_by_its_name() throws Exception {
        Caching shared = Caching.of(Duration.ofHours(1), Caching.item()).in("prices");
        Workflow<Object, Object> first = Flow.of("first", "$input -> each*")
                .step("each", counting)
                .options("each", options -> options.withCache(shared))
                .returns("each")
                .untyped();
        Workflow<Object, Object> second = Flow.of("second", "$input -> each*")
                .step("each", counting)
                .options("each", options -> options.withCache(shared))
                .returns("each")
                .untyped();
        Pgflow pgflow = engines.start(first, second);
        pgflow.executor().start(first, List.of("a", "b", "c")).await(PATIENCE);
        awaitCached(3);

        assertThat(pgflow.executor().start(second, List.of("c", "a", "b")).await(PATIENCE))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                .containsExactlyInAnyOrder(1, 2, 3);
        assertThat(runs).hasValue(3);
    }

    @Test
    void a_definition_keeps_its_cache_in_json() {
        WorkflowDefinition definition = cached(BY_ID.in("prices")).definition();

        assertThat(definition.toJson())
                .contains(
                        "\"cacheFor\":\"PT1H\",\"cacheKey\":[{\"$from\":\"$input\",\"pointer\":\"/id\"}],\"cacheName\":\"prices\"");
        assertThat(WorkflowDefinition.parse(definition.toJson())).isEqualTo(definition);
    }

    @Test
    void what_is_wrong_with_a_cache_is_reported_at_its_place() {
        String json = "{\"name\": \"flow\", \"steps\": ["
                + "{\"name\": \"a\", \"handler\": \"a\", \"cacheKey\": 1},"
                + "{\"name\": \"b\", \"handler\": \"b\", \"cacheFor\": \"PT1H\", \"cacheName\": \"x\"},"
                + "{\"name\": \"c\", \"handler\": \"c\", \"cacheFor\": \"P40D\", \"cacheKey\": {\"$from\": \"a\"}, \"cacheName\": \"X\"}]}";

        var refused = catchThrowableOfType(InvalidWorkflowException.class, () -> WorkflowDefinition.parse(json));

        assertThat(refused.problems())
                .extracting(Problem::code, Problem::place)
                .extracting(
                        tuple -> tuple.toList().get(0) + " " + tuple.toList().get(1))
                .containsExactlyInAnyOrder(
                        "PGF-WFL-025 /steps/0/cacheKey",
                        "PGF-WFL-025 /steps/1/cacheFor",
                        "PGF-WFL-014 /steps/2/cacheFor",
                        "PGF-WFL-016 /steps/2/cacheKey",
                        "PGF-WFL-001 /steps/2/cacheName");
    }

    private Workflow<Object, Object> cached(Caching caching) {
        return Flow.of("prices", "work")
                .step("work", counting)
                .options("work", options -> options.withCache(caching))
                .returns("work")
                .untyped();
    }

    private static Object run(Pgflow pgflow, Workflow<Object, Object> flow, int id) throws InterruptedException {
        return pgflow.executor().start(flow, Map.of("id", id)).await(PATIENCE);
    }

    private void awaitCached(int outputs) {
        await().atMost(PATIENCE)
                .until(() -> engines.sql("select count(*) from pgflow.cached_outputs")
                        .equals(List.of(String.valueOf(outputs))));
    }
}
