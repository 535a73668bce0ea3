package io.pgflow.state;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Every move that a task can make. SQL performs them and refuses all others; a test holds this list to that of the database. */
public enum TaskTransition {
    /** Its run starts, its parents have not ended. */
    AWAIT(null, TaskState.PENDING),

    /** Its run or its map starts, it waits for nothing. */
    ENQUEUE(null, TaskState.SCHEDULED),

    /** Its last parent ended, or the start time came. */
    SCHEDULE(TaskState.PENDING, TaskState.SCHEDULED),

    /** A worker took it, under a new fence. */
    CLAIM(TaskState.SCHEDULED, TaskState.RUNNING),

    /** A map task opened its items and waits for them. */
    OPEN(TaskState.SCHEDULED, TaskState.RUNNING),

    /** The handler returned, or the last item of the map ended. */
    COMPLETE(TaskState.RUNNING, TaskState.SUCCEEDED),

    /** The handler failed, attempts remain. */
    RETRY(TaskState.RUNNING, TaskState.RETRYING),

    /** Its worker is lost. */
    LOSE(TaskState.RUNNING, TaskState.RETRYING),

    /** Its worker handed it back. */
    RELEASE(TaskState.RUNNING, TaskState.RETRYING),

    /** The retry is due. */
    RESCHEDULE(TaskState.RETRYING, TaskState.SCHEDULED),

    /** The handler failed and no attempt remains, the error is final, or its deadline passed, or that of what it waited for. */
    FAIL(TaskState.RUNNING, TaskState.FAILED),

    /** Too many workers were lost with it. */
    POISON(TaskState.RUNNING, TaskState.FAILED),

    /** Its run was cancelled or failed. */
    CANCEL_PENDING(TaskState.PENDING, TaskState.CANCELLED),

    /** Its run was cancelled or failed. */
    CANCEL_SCHEDULED(TaskState.SCHEDULED, TaskState.CANCELLED),

    /** Its run was cancelled or failed. */
    CANCEL_RUNNING(TaskState.RUNNING, TaskState.CANCELLED),

    /** Its run was cancelled or failed. */
    CANCEL_RETRYING(TaskState.RETRYING, TaskState.CANCELLED),

    /** A person decided. */
    SKIP_PENDING(TaskState.PENDING, TaskState.SKIPPED),

    /** A person decided. */
    SKIP_SCHEDULED(TaskState.SCHEDULED, TaskState.SKIPPED),

    /** A person decided. */
    SKIP_RETRYING(TaskState.RETRYING, TaskState.SKIPPED),

    /** Its condition does not hold. */
    SKIP_UNMET(TaskState.PENDING, TaskState.SKIPPED),

    /** A step before it was skipped together with all that come after. */
    SKIP_BRANCH(TaskState.PENDING, TaskState.SKIPPED),

    /** It failed and no attempt remains, or its deadline passed, and the step is passed over then. */
    SKIP_FAILED(TaskState.RUNNING, TaskState.SKIPPED),

    /** It failed and no attempt remains, or its deadline passed, and the step has an output for that. */
    FALL_BACK(TaskState.RUNNING, TaskState.SUCCEEDED),

    /** A person decided, while it waited without a worker. */
    SKIP_DEFERRED(TaskState.RUNNING, TaskState.SKIPPED),

    /** The handler returned and handed it to the outside, by a token. */
    DEFER(TaskState.RUNNING, TaskState.RUNNING),

    /** The deadline of its step passed before a worker took it. */
    EXPIRE_SCHEDULED(TaskState.SCHEDULED, TaskState.FAILED),

    /** The deadline of its step passed before its next attempt. */
    EXPIRE_RETRYING(TaskState.RETRYING, TaskState.FAILED),

    /** The deadline of its map passed before its turn came. */
    EXPIRE_PENDING(TaskState.PENDING, TaskState.FAILED),

    /** As {@link #EXPIRE_SCHEDULED}, and the step is passed over then. */
    SKIP_LATE_SCHEDULED(TaskState.SCHEDULED, TaskState.SKIPPED),

    /** As {@link #EXPIRE_RETRYING}, and the step is passed over then. */
    SKIP_LATE_RETRYING(TaskState.RETRYING, TaskState.SKIPPED),

    /** As {@link #EXPIRE_PENDING}, and the item is passed over then. */
    SKIP_LATE_PENDING(TaskState.PENDING, TaskState.SKIPPED),

    /** As {@link #EXPIRE_SCHEDULED}, and the step has an output for that. */
    FALL_BACK_SCHEDULED(TaskState.SCHEDULED, TaskState.SUCCEEDED),

    /** As {@link #EXPIRE_RETRYING}, and the step has an output for that. */
    FALL_BACK_RETRYING(TaskState.RETRYING, TaskState.SUCCEEDED),

    /** As {@link #EXPIRE_PENDING}, and the item has an output for that. */
    FALL_BACK_PENDING(TaskState.PENDING, TaskState.SUCCEEDED),

    /** A person asked for it again: a new generation begins. */
    RESTART(null, TaskState.PENDING),

    /** A step before it begins again. */
    RECALL_SCHEDULED(TaskState.SCHEDULED, TaskState.CANCELLED),

    /** A step before it begins again. */
    RECALL_RETRYING(TaskState.RETRYING, TaskState.CANCELLED),

    /** A person gave the output. */
    SET_PENDING(TaskState.PENDING, TaskState.SUCCEEDED),

    /** A person gave the output. */
    SET_SCHEDULED(TaskState.SCHEDULED, TaskState.SUCCEEDED),

    /** A person gave the output. */
    SET_RETRYING(TaskState.RETRYING, TaskState.SUCCEEDED),

    /** Its run moved to a version without it. */
    DROP(TaskState.PENDING, TaskState.CANCELLED),

    /** Its run moved to a version that has it. */
    ADOPT(null, TaskState.PENDING),

    /** A person gave the output, while it waited without a worker. */
    SET_DEFERRED(TaskState.RUNNING, TaskState.SUCCEEDED),

    /** Its output was known: a cached one is used again. */
    REUSE(TaskState.RUNNING, TaskState.SUCCEEDED);

    private final @Nullable TaskState from;
    private final TaskState to;

    TaskTransition(@Nullable TaskState from, TaskState to) {
        this.from = from;
        this.to = to;
    }

    /** The state before; empty where it comes into being. */
    public Optional<TaskState> from() {
        return Optional.ofNullable(from);
    }

    /** The state after. */
    public TaskState to() {
        return to;
    }
}
