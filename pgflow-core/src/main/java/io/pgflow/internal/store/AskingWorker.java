package io.pgflow.internal.store;

/**
 * For whom it is asked what is due.
 *
 * @param workerId its number
 * @param beats whether the question is its heartbeat too, which it may be while the worker runs nothing
 */
public record AskingWorker(long workerId, boolean beats) {}
