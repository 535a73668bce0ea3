package io.pgflow.internal.store;

import java.time.Duration;
import java.util.List;

/** Who works, where, and at what. */
public record WorkerRegistration(String name, List<String> queues, List<String> handlers, Duration expiresAfter) {

    public WorkerRegistration {
        queues = List.copyOf(queues);
        handlers = List.copyOf(handlers);
    }
}
