package io.pgflow.internal.store;

import java.util.Set;

/**
 * The answer to a heartbeat.
 *
 * @param alive false when the worker was declared lost: it must stop what it runs and register anew
 * @param lost positions in the call's list, from 0, of tasks that are no longer this worker's
 */
public record Heartbeat(boolean alive, Set<Integer> lost) {

    public Heartbeat {
        lost = Set.copyOf(lost);
    }
}
