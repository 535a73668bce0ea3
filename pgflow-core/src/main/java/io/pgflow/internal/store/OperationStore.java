package io.pgflow.internal.store;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Where operations on runs are carried out. Each method throws {@link io.pgflow.DatabaseException}. */
public interface OperationStore {

    /** retry_runs. */
    Operated retry(List<UUID> runIds, String actor, String reason);

    /** rerun_steps of one run. */
    Operated rerun(UUID runId, List<String> steps, String actor, String reason);

    /** set_output. */
    Operated setOutput(UUID runId, String step, int item, String outputJson, String actor, String reason);

    /** skip_task; the word is "done" when it was skipped by this call. */
    Operated skip(UUID runId, String step, int item, String actor, String reason);

    /** move_run: the words are the reasons why it was refused. */
    Operated move(UUID runId, int version, String actor, String reason);

    /** cancel_runs: how many were cancelled. */
    long cancel(List<UUID> runIds, String actor, String reason);

    /** start_again, with another input when one is given. */
    Operated startAgain(UUID runId, UUID newRunId, @Nullable String inputJson, String actor, String reason);
}
