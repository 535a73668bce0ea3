package io.pgflow.executor;

import io.pgflow.audit.AuditNote;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.RunResult;
import io.pgflow.state.RunState;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A handle on a run: waits for its result, looks at it, cancels it. Any number of handles may stand for one run, in any
 * process.
 *
 * @param <O> what the run gives
 */
public final class Run<O> {

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private final UUID id;
    private final String workflow;
    private final Type outputType;
    private final Executor executor;

    Run(UUID id, String workflow, Type outputType, Executor executor) {
        this.id = id;
        this.workflow = workflow;
        this.outputType = outputType;
        this.executor = executor;
    }

    public UUID id() {
        return id;
    }

    /**
     * Waits for the run to end and gives its output; null when the workflow returns nothing.
     *
     * @throws RunEndedException when it failed or was cancelled
     * @throws AwaitTimeoutException when it had not ended after {@code timeout}; it goes on
     * @throws InterruptedException when this thread was interrupted; the run goes on
     */
    @SuppressWarnings("NullAway") // O may be a type that holds null: that is for the application to say
    public O await(Duration timeout) throws InterruptedException {
        CompletableFuture<RunResult> ended = executor.watch().result(id);
        try {
            return output(ended.get(nanos(timeout), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            throw new AwaitTimeoutException(id, timeout);
        } catch (ExecutionException e) {
            throw new CompletionException(e.getCause());
        } finally {
            ended.cancel(false); // nobody is left to ask for
        }
    }

    /**
     * The output when it is there; completes with {@link RunEndedException} when the run fails or is cancelled. What depends on
     * it may block: no thread of the engine runs it. Cancel it to stop asking for the run.
     */
    public CompletableFuture<O> result() {
        CompletableFuture<RunResult> ended = executor.watch().result(id);
        CompletableFuture<O> output =
                ended.thenApplyAsync(this::output, executor.watch().listeners());
        var unused = output.whenComplete((value, error) -> ended.cancel(false));
        return output;
    }

    /** How the run stands now. */
    public RunSnapshot snapshot() {
        return executor.find(id).orElseThrow();
    }

    /** Asks for the run to be cancelled; see {@link Executor#cancel}. */
    public CancelOutcome cancel(String reason) {
        return executor.cancel(id, reason);
    }

    /** The same, with who asks for the audit. */
    public CancelOutcome cancel(AuditNote note) {
        return executor.cancel(id, note);
    }

    /** A time that is longer than can be counted is for ever. */
    private static long nanos(Duration time) {
        return time.compareTo(LONGEST) > 0 ? Long.MAX_VALUE : time.toNanos();
    }

    @Override
    public String toString() {
        return "Run[" + workflow + " " + id + "]";
    }

    @SuppressWarnings({"unchecked", "NullAway"}) // the workflow answers for O being what outputType says
    private O output(RunResult result) {
        RunState state = RunState.valueOf(result.state());
        if (state != RunState.SUCCEEDED) {
            String error = result.error() == null ? "" : result.error();
            throw state == RunState.CANCELLED
                    ? new RunEndedException(id, state, RunEndedException.CANCELLED, "was cancelled", error)
                    : new RunEndedException(id, state, codeOf(error), "failed: " + error, error);
        }
        @Nullable String json = result.output();
        return json == null || outputType == Void.class
                ? null
                : (O) Json.read(json, outputType, "the output of workflow \"" + workflow + "\"");
    }

    /** A run that failed by itself, not by one of its steps, has an error with a code of its own. */
    private static String codeOf(String error) {
        return !error.isEmpty()
                        && Json.tree(error, "the error of the run") instanceof Map<?, ?> own
                        && own.get("error") instanceof Map<?, ?> inner
                        && RunEndedException.LATE.equals(inner.get("code"))
                ? RunEndedException.LATE
                : RunEndedException.FAILED;
    }
}
