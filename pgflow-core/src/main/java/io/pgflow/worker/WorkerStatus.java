package io.pgflow.worker;

/**
 * How does a worker stand?
 *
 * @param workerId its number in the database and in the audit
 * @param busySlots handlers that run
 * @param waitingTasks tasks that it claimed ahead, whose handlers have not begun
 * @param heldTasks tasks that it holds: waiting, running, or ended and not yet reported
 * @param healthy whether its loops get answers from the database
 * @param closed whether it was told to stop
 */
public record WorkerStatus(
        long workerId, int busySlots, int waitingTasks, int heldTasks, boolean healthy, boolean closed) {}
