package io.pgflow.internal.store;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Where operations look before they leap. Each method throws {@link io.pgflow.DatabaseException}. */
public interface SurveyStore {

    /** why_not_running: the reasons, the nearest first. */
    List<WaitRow> whyNotRunning(UUID runId, String step, int item);

    /** export_run: a JSON document. */
    Optional<String> export(UUID runId);

    /** undo_of. */
    Optional<UUID> undoOf(UUID runId);

    /** plan_move. */
    List<MoveRow> planMove(UUID runId, int version);

    /** count_matching_runs: by state. */
    Map<String, Long> count(RunChoice choice);

    /** matching_runs: at most {@code limit}, in the order of their ids, after the one given. */
    List<UUID> matching(RunChoice choice, Optional<UUID> after, int limit);

    /** What time it is for the engine. */
    Instant clock();
}
