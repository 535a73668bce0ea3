package io.pgflow.internal.store;

import java.util.Set;

/**
 * Which tasks succeeded with an output that was known.
 *
 * @param positions of the tasks in the call's list, from 0
 * @param outcome what followed
 */
public record Reused(Set<Integer> positions, Outcome outcome) {

    public Reused {
        positions = Set.copyOf(positions);
    }
}
