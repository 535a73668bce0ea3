package io.pgflow.internal.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where flow control is set and looked at. Each method throws {@link io.pgflow.DatabaseException}. */
public interface FlowStore {

    /**
     * The answer to a resume.
     *
     * @param answers parallel to the names: resumed, not paused
     * @param outcome the queues that have work again
     */
    record Resumed(List<String> answers, Outcome outcome) {}

    /** pause: an answer a name: paused, already paused, ended, unknown. Waits for claims that began before. */
    List<String> pause(String scope, List<String> names, @Nullable String actor, @Nullable String reason);

    /** resume. */
    Resumed resume(String scope, List<String> names, @Nullable String actor, @Nullable String reason);

    /** limit_queue: limited, unlimited, unchanged or unknown; null for no limit. Waits for claims that began before, and counts them. */
    Resumed limitQueue(String queue, @Nullable Integer atOnce, @Nullable String actor, @Nullable String reason);

    /** queue_loads. */
    List<QueueRow> queues();

    /** limits_in_use. */
    List<LimitRow> limits();

    /** paused: what is. */
    List<RuleRow> paused();

    /** rule_history: newest first. */
    List<RuleChangeRow> history(String scope, String name, int limit);
}
