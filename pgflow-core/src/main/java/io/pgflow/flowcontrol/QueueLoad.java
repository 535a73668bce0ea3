package io.pgflow.flowcontrol;

import io.pgflow.internal.store.QueueRow;
import java.util.OptionalInt;

/**
 * How does a queue stand?
 *
 * @param queue its name
 * @param paused whether the queue itself is paused
 * @param limit how many of its tasks workers may hold at once
 * @param waiting tasks that have a message in it
 * @param setAside tasks that were taken out of it and wait for a worker with their handler, or for a resume
 * @param atGate tasks for it that wait for room in the limits of their step
 * @param running tasks of it that workers hold
 */
public record QueueLoad(
        String queue, boolean paused, OptionalInt limit, long waiting, long setAside, long atGate, long running) {

    static QueueLoad of(QueueRow row) {
        return new QueueLoad(
                row.queue(), row.paused(), row.limit(), row.waiting(), row.setAside(), row.atGate(), row.running());
    }
}
