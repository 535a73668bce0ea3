package io.pgflow.state;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Every move that a run can make. SQL performs them and refuses all others; a test holds this list to that of the database. */
public enum RunTransition {
    /** It was started for a later time. */
    DELAY(null, RunState.PENDING),

    /** It was started. */
    START(null, RunState.RUNNING),

    /** Its start time came. */
    BEGIN(RunState.PENDING, RunState.RUNNING),

    /** Its last step ended. */
    SUCCEED(RunState.RUNNING, RunState.SUCCEEDED),

    /** One of its tasks failed, or its deadline passed. */
    FAIL_RUN(RunState.RUNNING, RunState.FAILED),

    /** A caller cancelled it. */
    CANCEL_RUN(RunState.RUNNING, RunState.CANCELLED),

    /** A caller cancelled it before it began. */
    CANCEL_DELAYED(RunState.PENDING, RunState.CANCELLED),

    /** Its deadline passed before it began. */
    FAIL_DELAYED(RunState.PENDING, RunState.FAILED),

    /** A person asked for what it has left, or for steps again: a new generation begins. */
    RESTART_RUN(null, RunState.RUNNING),

    /** A person moved it to another version. */
    MOVE(RunState.RUNNING, RunState.RUNNING),

    /** A person moved it to another version before it began. */
    MOVE_DELAYED(RunState.PENDING, RunState.PENDING),

    /** A later start that it stands for gave it its input before it began. */
    REPLACE(RunState.PENDING, RunState.PENDING);

    private final @Nullable RunState from;
    private final RunState to;

    RunTransition(@Nullable RunState from, RunState to) {
        this.from = from;
        this.to = to;
    }

    /** The state before; empty where it comes into being. */
    public Optional<RunState> from() {
        return Optional.ofNullable(from);
    }

    /** The state after. */
    public RunState to() {
        return to;
    }
}
