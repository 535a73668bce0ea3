package io.pgflow.internal.store;

import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The answer to a call that starts runs, parallel to its requests.
 *
 * @param runIds the requested id, or that of the run which holds the idempotency key
 * @param created whether the call created it
 * @param told whether the transaction of the call told other processes
 */
public record Started(
        List<UUID> runIds, List<Boolean> created, Set<String> wokenQueues, boolean toSettle, boolean told) {

    public Started {
        runIds = List.copyOf(runIds);
        created = List.copyOf(created);
        wokenQueues = Set.copyOf(wokenQueues);
    }
}
