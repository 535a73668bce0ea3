package io.pgflow.internal.store;

import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Where runs are started and looked at. Each method throws {@link io.pgflow.DatabaseException}. */
public interface RunStore {

    /** server_facts: throws when there is no schema of ours at all. */
    ServerFacts serverFacts();

    /** define_workflow. */
    DefinedWorkflow define(String definitionJson);

    /** The newest version of a workflow by name; none for what the engine made to undo runs. */
    Optional<DefinedWorkflow> newest(String workflow);

    /**
     * start_runs, in a transaction of its own. With a mark, its commit tells others: of the work in each queue that got some, and that
     * something happened. The mark stands behind what is said, and may be empty.
     */
    Started start(List<StartRequest> requests, @Nullable String actor, @Nullable String mark);

    /**
     * start_runs in the caller's transaction; workers are notified when that commits, if {@code notify}. Steps to settle are left to
     * upkeep: settling locks what does not belong to that transaction.
     */
    Started start(Connection connection, List<StartRequest> requests, @Nullable String actor, boolean notify);

    /** start_once: how, and the key, say for how long a run stands for others. */
    OnceAnswer startOnce(
            StartRequest request, String how, String key, Duration period, Duration maxWait, @Nullable String actor);

    /** run_results: of those that have ended. */
    List<RunResult> results(List<UUID> runIds);

    /** cancel_runs: the outcome of each, in order: cancelled, already cancelled, succeeded, failed, unknown. */
    List<String> cancel(List<UUID> runIds, @Nullable String actor, @Nullable String reason);

    /** signal_run, in a transaction of its own. */
    SentSignal.Answer signal(SentSignal signal);

    /** signal_run, in the caller's transaction; what is to be settled is left to upkeep. */
    SentSignal.Answer signal(Connection connection, SentSignal signal);

    /** skip_tasks: true when it applied. */
    Outcome skip(UUID runId, String step, @Nullable String actor, @Nullable String reason);

    Optional<RunRow> run(UUID runId);

    List<RunRow> runs(RunQuery query);

    /** run_tasks, after (step, item), both 0 to begin with. */
    List<TaskRow> tasks(UUID runId, int afterStep, int afterItem, int limit);

    List<EventRow> events(UUID runId);

    EventPosition eventPosition();

    EventPage eventPage(long after, List<IdRange> gaps, int limit);

    /** verify: a line for each violation. */
    List<String> verify();
}
