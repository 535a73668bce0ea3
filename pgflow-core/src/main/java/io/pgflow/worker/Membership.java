package io.pgflow.worker;

import io.pgflow.internal.store.TaskStore;
import io.pgflow.internal.store.WorkerRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Under which number this process is known as a worker. It gets a new one when it was declared lost. */
final class Membership {

    private static final Logger log = LoggerFactory.getLogger(Membership.class);

    private final TaskStore store;
    private final WorkerRegistration registration;
    private final RunningTasks running;
    private volatile long workerId;
    private boolean left;

    Membership(TaskStore store, WorkerRegistration registration, RunningTasks running) {
        this.store = store;
        this.registration = registration;
        this.running = running;
        this.workerId = store.register(registration);
        log.info(
                "worker {} is number {}: queues {}, {} handlers",
                registration.name(),
                workerId,
                registration.queues(),
                registration.handlers().size());
    }

    long workerId() {
        return workerId;
    }

    WorkerRegistration registration() {
        return registration;
    }

    /** From now on nobody takes over: the worker is about to be retired. */
    synchronized void leave() {
        left = true;
    }

    /** Others have, or will have, what worker {@code lostId} was running: it is stopped here, and a new worker takes over. */
    synchronized void renew(long lostId) {
        if (left || workerId != lostId) {
            return;
        }
        int stopped = 0;
        for (Attempt attempt : running.list()) {
            if (attempt.takeAway()) {
                stopped++;
            }
        }
        workerId = store.register(registration);
        log.warn(
                "worker {} had been declared lost; {} handlers were interrupted, and it goes on as number {}",
                lostId,
                stopped,
                workerId);
    }
}
