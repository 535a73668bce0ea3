package io.pgflow.internal.store;

import java.util.List;

/**
 * The answer of expire_workers.
 *
 * @param lostWorkers the workers that this call declared lost
 * @param recovered how many tasks it handed on
 * @param leftOver whether there may be more to hand on: call again
 */
public record ExpiredWorkers(List<Long> lostWorkers, int recovered, boolean leftOver, Outcome outcome) {

    public ExpiredWorkers {
        lostWorkers = List.copyOf(lostWorkers);
    }
}
