package io.pgflow.chaos;

import static io.pgflow.dsl.FlowBuilder.after;
import static io.pgflow.dsl.FlowBuilder.overInput;

import io.pgflow.dsl.After;
import io.pgflow.dsl.FlowBuilder;
import io.pgflow.workflow.Approval;
import io.pgflow.workflow.Caching;
import io.pgflow.workflow.Decision;
import io.pgflow.workflow.StepKey;
import io.pgflow.workflow.TaskContext;
import io.pgflow.workflow.Workflow;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The shapes of work that are put under faults. What a handler does depends on its task and attempt only, not on the process that runs it. */
public final class Workload {

    /** Who only starts runs has handlers that are never called. */
    private final @Nullable Journal journal;

    private final Duration longestNap;

    public Workload(@Nullable Journal journal, Duration longestNap) {
        this.journal = journal;
        this.longestNap = longestNap;
    }

    /** All of them. */
    public List<Workflow<?, ?>> all() {
        return List.of(diamond(), chain(), map(), retries(), approval(), nap(), gated());
    }

    /** A step, eight that depend on it, and a transactional one that depends on those. */
    public Workflow<String, String> diamond() {
        StepKey<String> root = StepKey.of("root", String.class);
        StepKey<String> join = StepKey.of("book_join", String.class);
        var flow = FlowBuilder.workflow("diamond", String.class).step(root, in -> work(in.task(), in.input()));
        List<StepKey<?>> parents = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            StepKey<String> parent = StepKey.of("side_" + i, String.class);
            flow = flow.step(
                    parent, patient(root), in -> work(in.task(), in.task().step()));
            parents.add(parent);
        }
        return flow.transactional(
                        join,
                        patient(parents.toArray(StepKey<?>[]::new)),
                        (in, connection) -> book(in.task(), connection))
                .returns(join);
    }

    /** Ten steps, one after the other; the fifth and the last are transactional. */
    public Workflow<String, String> chain() {
        StepKey<String> last = StepKey.of("link_1", String.class);
        var flow = FlowBuilder.workflow("chain", String.class).step(last, in -> work(in.task(), in.input()));
        for (int i = 2; i <= 10; i++) {
            StepKey<String> before = last;
            if (i % 5 == 0) {
                last = StepKey.of("book_" + i, String.class);
                flow = flow.transactional(last, patient(before), (in, connection) -> book(in.task(), connection));
            } else {
                last = StepKey.of("link_" + i, String.class);
                flow = flow.step(
                        last, patient(before), in -> work(in.task(), in.task().step()));
            }
        }
        return flow.returns(last);
    }

    /** A transactional step after the items of the input. */
    public Workflow<List<Integer>, String> map() {
        StepKey<List<Integer>> items = StepKey.listOf("items", Integer.class);
        StepKey<String> total = StepKey.of("book_total", String.class);
        return FlowBuilder.workflowOver("map", Integer.class)
                .map(items, overInput(Integer.class).maxAttempts(10), (item, in) -> {
                    int same = in.input().get(item - 1); // asks the database: items are claimed without the run's input
                    work(in.task(), "");
                    return same;
                })
                .transactional(total, patient(items), (in, connection) -> book(in.task(), connection))
                .returns(total);
    }

    /** Three steps whose first attempt fails, and of the others three in ten; the last step writes first and fails then. */
    public Workflow<String, String> retries() {
        StepKey<String> first = StepKey.of("shaky_1", String.class);
        StepKey<String> second = StepKey.of("shaky_2", String.class);
        StepKey<String> last = StepKey.of("book_shaky", String.class);
        return FlowBuilder.workflow("retries", String.class)
                .step(first, shaky(), in -> {
                    failSometimes(in.task());
                    return work(in.task(), "first");
                })
                .step(second, shaky(first), in -> {
                    failSometimes(in.task());
                    return work(in.task(), "second");
                })
                .transactional(last, shaky(second), (in, connection) -> {
                    insert(in.task(), connection);
                    failSometimes(in.task());
                    return work(in.task(), "third");
                })
                .returns(last);
    }

    /** A person is asked, and then something is booked. */
    public Workflow<String, String> approval() {
        StepKey<Decision> ask = StepKey.of("ask", Decision.class);
        StepKey<String> book = StepKey.of("book_approved", String.class);
        return FlowBuilder.workflow("approval", String.class)
                .approval(ask, after(), Approval.question("May it be booked?"))
                .transactional(book, patient(ask), (in, connection) -> book(in.task(), connection))
                .returns(book);
    }

    /** A sleep between two steps. */
    public Workflow<String, String> nap() {
        StepKey<String> before = StepKey.of("before", String.class);
        StepKey<Void> sleep = StepKey.of("sleep", Void.class);
        StepKey<String> book = StepKey.of("book_rested", String.class);
        return FlowBuilder.workflow("nap", String.class)
                .step(before, in -> work(in.task(), in.input()))
                .sleep(sleep, after(before), Duration.ofMillis(200))
                .transactional(book, patient(sleep), (in, connection) -> book(in.task(), connection))
                .returns(book);
    }

    /**
     * A step whose output is kept, two that go through gates of their own, one at a time, and a booking. Once in a database: another run would
     * find the output of the first step, and leave no effect of it.
     */
    public Workflow<String, String> gated() {
        StepKey<String> kept = StepKey.of("kept", String.class);
        StepKey<String> left = StepKey.of("left", String.class);
        StepKey<String> right = StepKey.of("right", String.class);
        StepKey<String> book = StepKey.of("book_gated", String.class);
        return FlowBuilder.workflow("gated", String.class)
                .step(kept, patient().cache(Caching.always(Duration.ofHours(1))), in -> work(in.task(), in.input()))
                .step(left, patient(kept).concurrency(1), in -> work(in.task(), "left"))
                .step(right, patient(kept).concurrency(1), in -> work(in.task(), "right"))
                .transactional(book, patient(left, right), (in, connection) -> book(in.task(), connection))
                .returns(book);
    }

    private static After patient(StepKey<?>... dependencies) {
        return after(dependencies).maxAttempts(10).retryDelay(Duration.ofMillis(200));
    }

    private static After shaky(StepKey<?>... dependencies) {
        return after(dependencies)
                .maxAttempts(25)
                .retryDelay(Duration.ofMillis(50))
                .maxRetryDelay(Duration.ofSeconds(1));
    }

    private String work(TaskContext task, String output) throws IOException, InterruptedException {
        Thread.sleep(longestNap.toMillis() * Math.floorMod(hash(task, 0), 100) / 100);
        if (journal != null) {
            journal.effect(task);
        }
        return output;
    }

    private String book(TaskContext task, Connection connection)
            throws SQLException, IOException, InterruptedException {
        insert(task, connection);
        return work(task, task.step());
    }

    private static void insert(TaskContext task, Connection connection) throws SQLException {
        try (var insert = connection.prepareStatement("insert into public.ledger (run_id, step) values (?, ?)")) {
            insert.setObject(1, task.runId());
            insert.setString(2, task.step());
            insert.executeUpdate();
        }
    }

    private static void failSometimes(TaskContext task) {
        if (task.attempt() == 1 || Math.floorMod(hash(task, task.attempt()), 10) < 3) {
            throw new IllegalStateException("the first attempt fails, and three in ten of the others");
        }
    }

    private static int hash(TaskContext task, int salt) {
        int hash = Objects.hash(task.runId(), task.step(), task.itemIndex().orElse(-1), salt);
        return ((hash ^ (hash >>> 16)) * 0x7feb352d) >>> 3;
    }
}
