package io.pgflow.internal.store;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Where a worker claims its tasks and reports on them. Each method throws {@link io.pgflow.DatabaseException}. */
public interface TaskStore {

    /** register_worker: returns the worker's id. */
    long register(WorkerRegistration worker);

    /** heartbeat, naming the tasks that run. */
    Heartbeat heartbeat(long workerId, List<TaskId> running);

    /** retire_worker: what it still held is scheduled again. */
    Outcome retire(long workerId);

    /** claim_tasks: up to {@code limit} tasks. */
    List<ClaimedTask> claim(long workerId, String queue, int limit);

    /** recover_claims: gives back what the database thinks this worker holds and the worker does not know of. */
    Outcome recoverClaims(long workerId, List<TaskId> known);

    /** complete_tasks. */
    Outcome complete(long workerId, List<Report.Completion> completions);

    /** fail_tasks. */
    Outcome fail(long workerId, List<Report.Failure> failures);

    /** issue_tokens: a token to answer for the task from outside; empty when it is no longer this attempt's. */
    Optional<String> issueToken(TaskId task, Duration within, Optional<Duration> silence);

    /** defer_tasks. */
    Outcome defer(long workerId, List<Report.Deferred> reports);

    /** release_tasks. */
    Outcome release(long workerId, List<TaskId> tasks);

    /** upkeep_due: whether any of the next ones has something to do, and what the worker should know. */
    Due due(Optional<AskingWorker> worker);

    /** settle_steps. */
    Outcome settleSteps();

    /** admit_tasks: {@code toSettle} says that more may be let in. */
    Outcome admitTasks();

    /** fire_timers. */
    Outcome fireTimers();

    /** fire_deadlines. */
    FiredDeadlines fireDeadlines();

    /** expire_workers. */
    ExpiredWorkers expireWorkers();

    /** step_inputs. */
    StepInputs stepInputs(UUID runId, short step);

    /** The stored definition of a workflow version as JSON text. */
    String definition(long workflowId);
}
