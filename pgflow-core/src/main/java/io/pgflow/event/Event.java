package io.pgflow.event;

import io.pgflow.internal.arch.ModulePrivate;
import io.pgflow.internal.store.EventRow;
import io.pgflow.state.TaskState;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * One change of state of a task or a run.
 *
 * @param id grows along cause and effect; never used twice, with gaps
 * @param step empty for an event of the run itself
 * @param itemIndex the index of the item, from 0, for a task of a map step
 * @param seq numbers the events of one task, or of the run itself, from 1 without a gap
 * @param generation how often the task or run had begun, from 1: it begins anew when it is retried or rerun after its end
 * @param attempt which try of this generation, from 1; 0 before the first
 * @param from empty when the task or run came into being
 * @param at by the database's clock
 * @param workerId the worker that did it or held the task
 * @param actor the person or program that asked for it
 * @param detail the error, or the reason that was given, as JSON
 */
public record Event(
        long id,
        EventType type,
        UUID runId,
        String workflow,
        int version,
        Optional<String> step,
        OptionalInt itemIndex,
        int seq,
        int generation,
        int attempt,
        Optional<TaskState> from,
        TaskState to,
        Instant at,
        OptionalLong workerId,
        Optional<String> actor,
        Optional<String> detail) {

    /** For the packages of this module. */
    @ModulePrivate
    @SuppressWarnings("exports")
    public static Event of(EventRow row) {
        return new Event(
                row.eventId(),
                EventType.of(row.event()),
                row.runId(),
                row.workflow(),
                row.version(),
                Optional.ofNullable(row.step()),
                row.item() > 0 ? OptionalInt.of(row.item() - 1) : OptionalInt.empty(),
                row.seq(),
                row.generation(),
                row.attempt(),
                Optional.ofNullable(row.fromState()).map(TaskState::valueOf),
                TaskState.valueOf(row.toState()),
                row.at().toInstant(),
                row.workerId() == null ? OptionalLong.empty() : OptionalLong.of(row.workerId()),
                Optional.ofNullable(row.actor()),
                Optional.ofNullable(row.detail()));
    }
}
