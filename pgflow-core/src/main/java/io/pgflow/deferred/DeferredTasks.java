package io.pgflow.deferred;

import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.json.Json;
import io.pgflow.internal.store.DeferredStore;
import io.pgflow.internal.upkeep.Consequences;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How do I finish a task from outside? With the token that its handler gave away; see {@link io.pgflow.workflow.TaskContext#defer}.
 * Got from {@code Executor.deferred()}. All methods may be called from any thread, any process and any number of times.
 *
 * <p>Every method throws {@link io.pgflow.DatabaseException} when the database cannot be asked, after it kept trying for the setting {@code
 * callDeadline}; send the answer again then.
 */
public final class DeferredTasks {

    /** The outside said that it could not do it. */
    private static final String FAILED = "PGF-RUN-023";

    private final DeferredStore store;
    private final Consequences consequences;
    private final int maxPayloadBytes;

    /** For {@code Pgflow}. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public DeferredTasks(DeferredStore store, Consequences consequences, int maxPayloadBytes) {
        this.store = store;
        this.consequences = consequences;
        this.maxPayloadBytes = maxPayloadBytes;
    }

    /**
     * Ends the task well.
     *
     * @param output written as JSON by what it is; what reads the step's output must be able to read that
     * @throws io.pgflow.InvalidPayloadException when the output is no JSON, or too large
     */
    public AnswerOutcome complete(String token, @Nullable Object output) {
        return completeWithJson(token, written(output));
    }

    /** Ends the task well, with an output that is JSON text already. */
    public AnswerOutcome completeWithJson(String token, String outputJson) {
        check(outputJson);
        DeferredStore.Answered answered = store.complete(List.of(token), List.of(outputJson));
        consequences.follow(answered.outcome());
        return AnswerOutcome.of(answered.outcomes().get(0));
    }

    /**
     * Says that it could not be done. With {@code retryable} the task is tried again while attempts remain, else this attempt was the
     * last one; then the step's {@code onFailure} says what follows.
     *
     * @param message for whoever looks at the run
     * @throws io.pgflow.InvalidPayloadException when the message holds the character NUL, or is larger than the setting {@code
     *     maxPayloadBytes}
     */
    public AnswerOutcome fail(String token, String message, boolean retryable) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", FAILED);
        error.put("message", message);
        String json = Json.writeTree(error);
        check(json);
        DeferredStore.Answered answered = store.fail(List.of(token), List.of(json), retryable);
        consequences.follow(answered.outcome());
        return AnswerOutcome.of(answered.outcomes().get(0));
    }

    /** Says that it is being worked on: the silence that was allowed begins anew. {@code STALE}: stop, nobody waits any more. */
    public AnswerOutcome heartbeat(String token) {
        return beat(token, null);
    }

    /**
     * Says that it is being worked on, and how far it has come.
     *
     * @param progress shown in {@code TaskSnapshot.progress} until more is said; written as JSON by what it is
     */
    public AnswerOutcome heartbeat(String token, Object progress) {
        String json = written(progress);
        check(json);
        return beat(token, json);
    }

    private AnswerOutcome beat(String token, @Nullable String progress) {
        return AnswerOutcome.of(
                store.heartbeat(List.of(token), Arrays.asList(progress)).get(0));
    }

    private static String written(@Nullable Object value) {
        return Json.write(value, Object.class, "what is said of a deferred task");
    }

    private void check(String json) {
        Json.check(json, "what is said of a deferred task", maxPayloadBytes);
    }
}
