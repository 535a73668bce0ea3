package io.pgflow.internal.store;

import static io.pgflow.internal.store.Columns.duration;
import static io.pgflow.internal.store.Columns.fences;
import static io.pgflow.internal.store.Columns.interval;
import static io.pgflow.internal.store.Columns.isTrue;
import static io.pgflow.internal.store.Columns.items;
import static io.pgflow.internal.store.Columns.json;
import static io.pgflow.internal.store.Columns.list;
import static io.pgflow.internal.store.Columns.positions;
import static io.pgflow.internal.store.Columns.runIds;
import static io.pgflow.internal.store.Columns.set;
import static io.pgflow.internal.store.Columns.steps;

import io.pgflow.internal.store.schema.routines.CompleteDeferred;
import io.pgflow.internal.store.schema.routines.DeferTasks;
import io.pgflow.internal.store.schema.routines.FailDeferred;
import io.pgflow.internal.store.schema.routines.HeartbeatDeferred;
import io.pgflow.internal.store.schema.routines.IssueTokens;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jooq.JSONB;
import org.jooq.Routine;
import org.jooq.types.YearToSecond;
import org.jspecify.annotations.Nullable;

/** The functions about tasks that the outside finishes: those that workers call, and those that the outside does. */
final class DeferredCalls implements DeferredStore {

    private final Calls calls;

    DeferredCalls(Calls calls) {
        this.calls = calls;
    }

    Optional<String> issueToken(TaskId task, Duration within, Optional<Duration> silence) {
        List<TaskId> tasks = List.of(task);
        IssueTokens function = new IssueTokens();
        function.setPRunIds(runIds(tasks));
        function.setPSteps(steps(tasks));
        function.setPItems(items(tasks));
        function.setPFences(fences(tasks));
        function.setPWithins(new YearToSecond[] {YearToSecond.valueOf(within)});
        function.setPSilences(new @Nullable YearToSecond[] {interval(silence)});
        execute("issue a token", function);
        return Optional.ofNullable(function.getReturnValue()[0]);
    }

    Outcome defer(long workerId, List<TaskId> tasks) {
        DeferTasks function = new DeferTasks();
        function.setPWorkerId(workerId);
        function.setPRunIds(runIds(tasks));
        function.setPSteps(steps(tasks));
        function.setPItems(items(tasks));
        function.setPFences(fences(tasks));
        execute("report deferred tasks", function);
        return new Outcome(
                positions(function.getStale()), List.of(), Set.of(), false, duration(function.getNextDueIn()));
    }

    @Override
    public Answered complete(List<String> tokens, List<String> outputs) {
        CompleteDeferred function = new CompleteDeferred();
        function.setPTokens(tokens.toArray(String[]::new));
        function.setPOutputs(Columns.of(outputs, output -> json(output), JSONB[]::new));
        function.setPNotify(false);
        repeatable("complete deferred tasks", function);
        return new Answered(
                list(function.getOutcomes()),
                new Outcome(
                        Set.of(),
                        list(function.getEndedRunIds()),
                        set(function.getWokenQueues()),
                        isTrue(function.getToSettle()),
                        Optional.empty()));
    }

    @Override
    public Answered fail(List<String> tokens, List<String> errors, boolean retryable) {
        FailDeferred function = new FailDeferred();
        function.setPTokens(tokens.toArray(String[]::new));
        function.setPErrors(Columns.of(errors, error -> json(error), JSONB[]::new));
        function.setPRetryable(Collections.nCopies(tokens.size(), retryable).toArray(Boolean[]::new));
        function.setPNotify(false);
        repeatable("fail deferred tasks", function);
        return new Answered(
                list(function.getOutcomes()),
                new Outcome(
                        Set.of(),
                        list(function.getEndedRunIds()),
                        set(function.getWokenQueues()),
                        isTrue(function.getToSettle()),
                        duration(function.getNextDueIn())));
    }

    @Override
    public List<String> heartbeat(List<String> tokens, List<@Nullable String> progress) {
        HeartbeatDeferred function = new HeartbeatDeferred();
        function.setPTokens(tokens.toArray(String[]::new));
        function.setPProgress(Columns.of(progress, said -> json(said), JSONB[]::new));
        repeatable("send heartbeats of deferred tasks", function);
        return list(function.getReturnValue());
    }

    /** An answer that was taken is known by its token and what it says. */
    private <R extends Routine<?>> void repeatable(String attempt, R function) {
        calls.repeatable(attempt, db -> function.execute(db.configuration()));
    }

    private <R extends Routine<?>> void execute(String attempt, R function) {
        calls.call(attempt, db -> function.execute(db.configuration()));
    }
}
