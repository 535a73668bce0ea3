package io.pgflow.internal.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the outside answers for deferred tasks. Each method throws {@link io.pgflow.DatabaseException}. */
public interface DeferredStore {

    /**
     * What came of answers.
     *
     * @param outcomes of each, in order: applied, repeated, stale, unknown
     */
    record Answered(List<String> outcomes, Outcome outcome) {

        public Answered {
            outcomes = List.copyOf(outcomes);
        }
    }

    /** complete_deferred. */
    Answered complete(List<String> tokens, List<String> outputs);

    /** fail_deferred; all of them retryable, or none. */
    Answered fail(List<String> tokens, List<String> errors, boolean retryable);

    /** heartbeat_deferred; a progress that is null leaves the last one as it is. */
    List<String> heartbeat(List<String> tokens, List<@Nullable String> progress);
}
