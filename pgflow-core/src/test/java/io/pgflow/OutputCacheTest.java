package io.pgflow;

import static io.pgflow.testing.Engines.PATIENCE;
import static io.pgflow.workflow.Condition.input;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pgflow.faults.FaultDataSource;
import io.pgflow.faults.Faults;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("adversity")
class OutputCacheTest {

    private static final Caching BY_ID = Caching.of(Duration.ofHours(1), input("/id"));

    private static final List<Integer> ARTICLES = IntStream.range(0, 20).boxed().toList();

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
    void a_failed_attempt_leaves_nothing() throws Exception {
        var attempts = new AtomicInteger();
        Workflow<Object, Object> flow = Flow.of("prices", "work")
                .step("work", in -> {
                    if (attempts.incrementAndGet() == 1) {
                        throw new IllegalStateException("no luck");
                    }
                    return counting.run(in);
                })
                .options("work", options -> options.withCache(BY_ID))
                .returns("work")
                .untyped();
        Pgflow pgflow = engines.start(flow);

        assertThat(run(pgflow, flow, 7)).isEqualTo(1);
        awaitCached(1);
        assertThat(run(pgflow, flow, 7)).isEqualTo(1);
        assertThat(attempts).hasValue(2);
        assertThat(engines.sql("select output from pgflow.cached_outputs")).containsExactly("1");
    }

    @Test
    void what_items_share_is_asked_for_once_to_make_their_keys() throws Exception {
        var asked = new AtomicInteger();
        Faults watching = Faults.seeded(1).among(sql -> {
            if (sql.contains("step_inputs")) {
                asked.incrementAndGet();
            }
            return false;
        });
        Workflow<Object, Object> flow = itemsByInput();
        Pgflow pgflow = engines.closeLater(
                Pgflow.on(engines.closeLater(Engines.pool(FaultDataSource.around(engines.database(), watching))))
                        .settings(Engines.settings().build())
                        .with(flow)
                        .start());

        pgflow.executor().start(flow, Map.of("day", 1, "articles", ARTICLES)).await(PATIENCE);

        assertThat(runs).hasValue(ARTICLES.size());
        assertThat(asked.get())
                .as("claims bring several items each")
                .isPositive()
                .isLessThan(ARTICLES.size() / 2);
    }

    @Test
    void a_key_that_the_database_refuses_to_make_means_that_the_step_runs() throws Exception {
        Workflow<Object, Object> flow = itemsByInput();
        Pgflow pgflow = engines.start(flow);
        engines.sql("alter function pgflow.step_inputs rename to step_inputs_gone");

        pgflow.executor().start(flow, Map.of("day", 1, "articles", ARTICLES)).await(PATIENCE);

        assertThat(runs).hasValue(ARTICLES.size());
        assertThat(engines.sql("select count(*) from pgflow.cached_outputs")).containsExactly("0");
    }

    @Test
    void a_key_that_cannot_be_made_is_no_failure() throws Exception {
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

    /** Items whose keys depend on what all of them share. */
    private Workflow<Object, Object> itemsByInput() {
        return Flow.of("days", "list -> each*")
                .step("list", in -> ARTICLES.toString())
                .step("each", counting)
                .options(
                        "each",
                        options -> options.withCache(Caching.of(Duration.ofHours(1), input("/day"), Caching.item())))
                .returns("each")
                .untyped();
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
