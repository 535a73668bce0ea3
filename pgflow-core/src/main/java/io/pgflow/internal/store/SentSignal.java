package io.pgflow.internal.store;

import java.util.Optional;
import java.util.UUID;

/**
 * A signal on its way to a run.
 *
 * @param payload JSON
 * @param id under which it counts once, however often it is sent
 */
public record SentSignal(UUID runId, String name, String payload, String id, Optional<String> actor) {

    /**
     * The answer.
     *
     * @param outcome delivered, kept, repeated, ended or unknown
     * @param toSettle whether settle_steps has something to do
     */
    public record Answer(String outcome, boolean toSettle) {}
}
